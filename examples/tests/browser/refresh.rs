use browser::{Exchange, Look};

use crate::{
    common::{ACCESS, REFRESH},
    stage::{Visitor, on_stage, renews_both},
};

#[test]
fn a_refresh_is_silent_while_the_page_stays() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let session = person.text("#me-session-id").await;
        let before = person.tokens().await;
        person.run("window.stayed = true").await;
        person.expire().await;
        let left: Vec<_> = person.tokens().await.into_iter().map(|cookie| cookie.name).collect();
        assert_eq!(left, [REFRESH]);

        let seen = person.seen().await;
        let me = person.who_am_i().await;
        assert_eq!(me.status, 200);
        renews_both(&me, true);
        person.is_told("Refreshed within this request").await;
        let asked = person.answers(seen).await;
        let me_requests = asked.iter().filter(|exchange| exchange.path == "/api/me").count();
        assert_eq!(me_requests, 1, "one request, no retry: {asked:?}");
        for (old, new) in before.iter().zip(person.tokens().await) {
            assert_eq!(old.name, new.name);
            assert_ne!(old.value, new.value, "{}", old.name);
        }
        assert_eq!(person.text("#me-session-id").await, session);
        assert_eq!(person.run("return window.stayed").await, true, "the page was not reloaded");
        person.leaves().await;
    });
}

#[test]
fn two_tabs_that_refresh_at_once_stay_signed_in() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let first = person.tab().await;
        let second = person.new_tab().await;
        person.goto(&stage.url("/")).await;
        person.is_signed_in().await;

        listen(&person).await;
        // A tab that becomes active asks for the sessions. That must not happen while there is no
        // access cookie.
        let seen = person.seen().await;
        person.switch_to(&first).await;
        person.answer(seen, "GET", "/api/auth/sessions/").await;
        listen(&person).await;

        person.expire().await;
        let [one, other] = both_at_once(&person).await;
        for answer in [&one, &other] {
            assert_eq!(answer.status, 500, "the handler fails, after the refresh");
            assert!(!answer.sent_cookie(ACCESS) && answer.sent_cookie(REFRESH));
            renews_both(answer, true);
        }
        assert_eq!(refresh_token(&one), refresh_token(&other), "one successor for both");
        for tab in [&first, &second] {
            person.switch_to(tab).await;
            assert_eq!(person.who_am_i().await.status, 200);
            person.is_signed_in().await;
        }
        person.leaves().await;
    });
}

/// This route responds after 300 ms.
const SLOW: &str = "/api/slow-error";

/// The active tab waits for a message before it sends its request.
async fn listen(person: &Visitor) {
    let script = format!("new BroadcastChannel('go').onmessage = () => fetch('{SLOW}')");
    person.run(&script).await;
}

/// Both requests are sent before the first response arrives.
async fn both_at_once(person: &Visitor) -> [Exchange; 2] {
    let seen = person.seen().await;
    person.run("new BroadcastChannel('go').postMessage('go')").await;
    let answers = browser::until("two answers", async || {
        let answers = person.answers(seen).await.into_iter().filter(|answer| answer.path == SLOW);
        <[Exchange; 2]>::try_from(answers.collect::<Vec<_>>()).ok()
    })
    .await;
    let [one, other] = &answers;
    assert!(one.began.max(other.began) < one.answered.min(other.answered), "they did not overlap");
    answers
}

/// The cookie alone; Max-Age may differ by a second.
fn refresh_token(answer: &Exchange) -> Option<&str> {
    let line = answer.set_cookies.iter().find(|line| line.starts_with(REFRESH))?;
    line.split(';').next()
}
