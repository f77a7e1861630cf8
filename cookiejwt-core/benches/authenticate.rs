//! What one request costs the core, in time and in allocations: `cargo bench -p cookiejwt-core`. `bench/measure.py` compares a
//! decision with `jsonwebtoken::decode`, and has the memo.

use cookiejwt_core::{
    Assessment, Core, CustomClaims, RefreshAttempt, RefreshIds, RefreshStep, Resolution, RotationOutcome,
    RotationStep, SessionStatus, UserState,
    testing::{self, NOW},
};
use divan::{AllocProfiler, Bencher, black_box};
use http::{Request, request::Parts};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::Divan::default().sample_size(64).sample_count(500).config_with_args().main();
}

/// At the default level, `Feed`.
fn core() -> Core {
    Core::new(testing::config().build().unwrap())
}

fn head(cookie: Option<String>) -> Parts {
    let request = Request::get("/me").header("host", "app.example").header("sec-fetch-site", "same-origin");
    let request = cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie));
    request.body(()).unwrap().into_parts().0
}

fn authenticate(core: &Core, head: &Parts) -> Resolution {
    match core.authenticate(head, NOW) {
        Assessment::Settled(decision) => Resolution::Settled(decision),
        Assessment::NeedsRefresh(attempt) => Resolution::NeedsRefresh(attempt),
        Assessment::NeedsSessionCheck(check) => check.resolve(SessionStatus::Live),
    }
}

fn refreshing(core: &Core, head: &Parts) -> RefreshAttempt {
    match authenticate(core, head) {
        Resolution::NeedsRefresh(attempt) => attempt,
        Resolution::Settled(decision) => panic!("{decision:?}"),
    }
}

#[divan::bench]
fn anonymous(bencher: Bencher<'_, '_>) {
    let (core, head) = (core(), head(None));
    bencher.bench_local(|| authenticate(&core, black_box(&head)));
}

#[divan::bench]
fn valid_access_cookie(bencher: Bencher<'_, '_>) {
    let cookies = [testing::access("42").cookie(), testing::refresh("42").cookie()].join("; ");
    let (core, head) = (core(), head(Some(cookies)));
    assert!(
        matches!(authenticate(&core, &head), Resolution::Settled(decision) if decision.identity().is_some())
    );
    bencher.bench_local(|| authenticate(&core, black_box(&head)));
}

#[divan::bench]
fn refused_bad_signature(bencher: Bencher<'_, '_>) {
    let token = testing::access("42").cookie();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (core, head) = (core(), head(Some(format!("{signed}.{}", "A".repeat(43)))));
    assert!(core.authenticate(&head, NOW).is_refused());
    bencher.bench_local(|| authenticate(&core, black_box(&head)));
}

#[divan::bench]
fn refresh_needed(bencher: Bencher<'_, '_>) {
    let (core, head) = (core(), head(Some(testing::refresh("42").cookie())));
    bencher.bench_local(|| refreshing(&core, black_box(&head)));
}

/// Everything of a refresh but the stores: two tokens are verified or minted, and two cookies written.
#[divan::bench]
fn refresh_and_rotation(bencher: Bencher<'_, '_>) {
    let (core, head) = (core(), head(Some(testing::refresh("42").cookie())));
    bencher.bench_local(|| {
        let user = UserState::Active(Ok(CustomClaims::default()));
        let step = refreshing(&core, black_box(&head)).with_user(user, RefreshIds::from_random([7; 32]), NOW);
        let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
        match rotation.complete(RotationOutcome::Rotated) {
            RotationStep::Settled(settlement) => settlement,
            step => panic!("{step:?}"),
        }
    });
}
