//! Guards for the proofs and the role of a session: what they let pass, across a refresh.

use std::time::Duration;

use cookiejwt_store::{
    Guard, GuardRefusal, Identity, LoginContext, LoginOptions, Method, Problem, Requirement, Slot,
};

use crate::common::{Browser, World};

const CODE: Requirement = Requirement::method(Method::OTP);
const RECENT_CODE: Requirement = CODE.within(Duration::from_mins(5));
const RECENT: Requirement = Requirement::any_method().within(Duration::from_mins(5));
const GOLD: Requirement = Requirement::acr("gold");

async fn log_in(world: &World, options: LoginOptions) -> Browser {
    let login = world.auth.login(&world.users.row(1), options, LoginContext::default()).await;
    Browser::of(&login.unwrap())
}

/// The code of the refusal, or `passes`; and who asked.
async fn asks(world: &World, browser: &Browser, guard: &Guard) -> (&'static str, Identity) {
    let (head, slot) = (browser.jar.get(), Slot::new(&world.auth, "/"));
    let decision = slot.settle((&head).into()).await;
    let code = match slot.admit(guard, decision, (&head).into()) {
        Ok(()) => "passes",
        Err(GuardRefusal::Problem(problem)) => problem.code(),
        Err(GuardRefusal::Redirect(_)) => "redirect",
    };
    (code, decision.identity().unwrap().clone())
}

#[tokio::test]
async fn a_guard_asks_for_proofs_also_after_a_refresh() {
    let both = || LoginOptions::new().by(Method::PWD).by(Method::OTP).acr("gold");
    for (rule, options, requirement, at_once, later) in [
        ("a method", both(), CODE, "passes", "passes"),
        ("a recent method", both(), RECENT_CODE, "passes", "proof_required"),
        ("any recent method", both(), RECENT, "passes", "proof_required"),
        ("a class", both(), GOLD, "passes", "passes"),
        ("a method or a recent one", both(), CODE.or(RECENT), "passes", "passes"),
        ("a method and a recent one", both(), CODE.and(RECENT), "passes", "proof_required"),
        ("another method", LoginOptions::new().by(Method::PWD), CODE, "proof_required", "proof_required"),
        ("another class", both().acr("silver"), GOLD, "proof_required", "proof_required"),
        ("an unnamed login, any recent method", LoginOptions::new(), RECENT, "passes", "proof_required"),
        ("an unnamed login, a method", LoginOptions::new(), CODE, "proof_required", "proof_required"),
    ] {
        let world = World::new();
        let (browser, guard) = (log_in(&world, options).await, Guard::proofs(&world.auth, requirement));
        for expected in [at_once, later] {
            let (code, who) = asks(&world, &browser, &guard).await;
            assert_eq!(code, expected, "{rule}");
            let passes = expected == "passes";
            assert_eq!(who.meets(&requirement, world.auth.now()), passes, "{rule}: in a handler");
            assert_eq!(world.auth.check_proofs(&who, &requirement).is_ok(), passes, "{rule}: in a handler");
            world.expire_access();
        }
    }
}

#[tokio::test]
async fn a_guard_for_a_role() {
    let world = World::new();
    let alice = log_in(&world, LoginOptions::new().fact("tenant", &"acme")).await;
    let (code, who) = asks(&world, &alice, &Guard::role(&world.auth, "root")).await;
    assert_eq!((code, who.require_role("root")), ("insufficient_role", Err(Problem::InsufficientRole)));
    let (code, who) = asks(&world, &alice, &Guard::role(&world.auth, "alice at acme".to_owned())).await;
    assert_eq!((code, who.require_role("alice at acme")), ("passes", Ok(())));
}
