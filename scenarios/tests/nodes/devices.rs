//! Device-bound sessions: whichever node asks, and whichever the proof reaches.

use cookiejwt_store::testing;

use crate::{
    cluster::{Cluster, SECRET},
    common::{ACCESS, Answer, Jar, LOGOUT, REFRESH, Server, wait_for},
};

const BIND: &str = "/api/auth/device/";
const RENEW: &str = "/api/auth/device/refresh/";
const NEXT: &str = "u3Zf0nq8hS1yR5aXc7WbE2tK9mPjLdQvG4oTsYwHxUA=";

/// A browser with a key, whose session is to be renewed.
struct Browser {
    id: String,
    jar: Jar,
}

impl Browser {
    /// It logs in on one node, and registers its key on another one.
    fn bound(login: &Server, binding: &Server) -> Self {
        let login = login.login_request().send();
        let offer = login.header("secure-session-registration").expect("an offer");
        let response = testing::device().registers(offer);
        let bound = binding.post(BIND).header("Secure-Session-Response", &response).send();
        assert_eq!(bound.status, 200, "{bound:?}");
        let id = login.json()["session_id"].as_str().expect("a text").to_owned();
        Self { id, jar: Jar::of(&login) }
    }

    fn sends(&self, server: &Server, proof: Option<&str>) -> Answer {
        let request = server.post(RENEW).header("Sec-Secure-Session-Id", &self.id);
        let request = request.cookies(&self.jar.without(ACCESS));
        match proof {
            Some(proof) => request.header("Secure-Session-Response", proof).send(),
            None => request.send(),
        }
    }

    fn proof(&self, server: &Server) -> String {
        signed(&self.sends(server, None))
    }
}

/// The proof over the challenge of this response.
fn signed(answer: &Answer) -> String {
    assert_eq!(answer.status, 403, "{answer:?}");
    testing::device().proves(answer.header("secure-session-challenge").expect("a challenge"))
}

fn is_renewed(answer: &Answer) {
    assert_eq!((answer.status, answer.set_cookies().len()), (200, 2), "{answer:?}");
}

fn is_over(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["continue"]), (200, &serde_json::json!(false)), "{answer:?}");
}

/// A login, its registration, the challenge and the proof are on three nodes; inside the leeway
/// every node gives the same refresh token.
pub(crate) fn every_node_renews(cluster: &Cluster) {
    let servers: Vec<_> = cluster.servers().map(|(_, server)| server).collect();
    for start in 0..servers.len() {
        let node = |number: usize| servers[(start + number) % servers.len()];
        let browser = Browser::bound(node(0), node(1));
        let proof = browser.proof(node(2));
        let answers: Vec<_> = (0..3).map(|number| browser.sends(node(number), Some(&proof))).collect();
        answers.iter().for_each(is_renewed);
        let successors: Vec<_> =
            answers.iter().map(|answer| Jar::of(answer).get(REFRESH).to_owned()).collect();
        assert!(successors.iter().all(|successor| *successor == successors[0]), "one successor");
        cluster.is_good_everywhere(&Jar::of(&answers[0]), "a renewed session");
        for server in &servers {
            let refused = server.me(&Jar::of(&answers[0]).without(ACCESS));
            assert_eq!((refused.status, refused.code().as_str()), (401, "device_proof_required"));
        }
    }
}

/// The node that gets the proof does not know of the logout yet: the row says so.
pub(crate) fn a_logout_elsewhere_ends_it(cluster: &Cluster) {
    let servers: Vec<_> = cluster.servers().map(|(_, server)| server).collect();
    for index in 0..servers.len() {
        let (here, there) = (servers[index], servers[(index + 1) % servers.len()]);
        let browser = Browser::bound(here, there);
        let proof = browser.proof(there);
        assert_eq!(here.post(LOGOUT).cookies(&browser.jar).send().status, 200);
        let ended = browser.sends(there, Some(&proof));
        is_over(&ended);
        assert_eq!(ended.set_cookies().len(), 2, "cleared: {ended:?}");
    }
}

/// The row is read, then the user, then the session rotates; that response is lost.
pub(crate) fn a_renewal_whose_answer_was_lost(cluster: &Cluster) {
    for node in &cluster.nodes {
        let server = node.server();
        let hit = (0..10).any(|_| {
            let browser = Browser::bound(server, server);
            let proof = browser.proof(server);
            node.proxy.lose_answer_after(2);
            let lost = browser.sends(server, Some(&proof));
            wait_for(10, || node.proxy.has_cut().then_some(())).expect("the cut");
            let healed = wait_for(10, || {
                Some(browser.sends(server, Some(&proof))).filter(|answer| answer.status != 503)
            });
            let healed = healed.expect("the node comes back");
            is_renewed(&healed);
            cluster.is_good_everywhere(&Jar::of(&healed), "after the retry");
            lost.status == 503 && lost.set_cookies().is_empty()
        });
        assert!(hit, "{}: no rotation lost its answer", node.name);
    }
}

/// The first node signs with the next secret, and the others do not know it yet.
pub(crate) fn the_secret_is_changed_node_by_node(cluster: &mut Cluster) {
    let before = Browser::bound(cluster.nodes[1].server(), cluster.nodes[2].server());
    let registration = cluster.nodes[1].server().login_request().send();
    cluster.kill(0);
    cluster.nodes[0].start_with(&[("COOKIEJWT_SECRET", NEXT), ("COOKIEJWT_SECRET_PREVIOUS", SECRET)]);
    let (next, old) = (cluster.nodes[0].server(), cluster.nodes[1].server());

    let offer = registration.header("secure-session-registration").expect("an offer");
    let response = testing::device().registers(offer);
    let bound = next.post(BIND).header("Secure-Session-Response", &response).send();
    assert_eq!(bound.status, 200, "a registration that the other secret has offered: {bound:?}");

    let challenge = before.sends(old, Some(&before.proof(next)));
    is_renewed(&before.sends(old, Some(&signed(&challenge))));
    let renewed = before.sends(next, Some(&before.proof(old)));
    is_renewed(&renewed);

    let ahead = Browser { id: before.id.clone(), jar: Jar::of(&renewed) };
    let refused = ahead.sends(old, None);
    assert_eq!((refused.status, refused.set_cookies().len()), (503, 0), "row P3: {refused:?}");
    is_renewed(&ahead.sends(next, Some(&ahead.proof(next))));
    cluster.kill(0);
    cluster.nodes[0].start();
}
