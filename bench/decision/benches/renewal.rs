//! What the renewal of a device-bound session costs in the core, beside any other refresh: both
//! legs, everything but the stores.

use cookiejwt_core::{
    Core, DeviceBinding, RevocationLevel,
    driver::{
        ActiveUser, Assessment, ClientInfo, CustomClaims, DeviceReply, DeviceStep, Login, LoginIds,
        LoginRequest, Mode, RefreshAttempt, RefreshIds, RefreshStep, RenewAssessment, RotationStep,
        SessionTerms, Settlement, UserState,
    },
    store::RotationOutcome,
    testing::{self, NOW},
};
use divan::{AllocProfiler, Bencher, black_box};
use http::request::Parts;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const PREFIX: &str = "/api/auth";

fn main() {
    divan::Divan::default().sample_size(16).sample_count(100).config_with_args().main();
}

fn core() -> Core {
    let config = testing::config().device_bound(DeviceBinding::Offer).revocation(RevocationLevel::AtRefresh);
    Core::new(config.build().unwrap())
}

fn login(core: &Core) -> Login {
    let request = LoginRequest {
        subject: "42".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::remembering(true),
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds::from_random([1; 16], [2; 32]),
        replaces: None,
    };
    core.login(request, NOW).unwrap()
}

fn head(login: &Login, response: Option<&str>) -> Parts {
    let cookies = testing::cookie_header(login);
    let refresh = cookies.split("; ").nth(1).unwrap();
    let request = http::Request::post("/api/auth/device/refresh/")
        .header("cookie", refresh)
        .header("sec-secure-session-id", login.record.id.as_str());
    let request =
        response.into_iter().fold(request, |request, value| request.header("secure-session-response", value));
    request.body(()).unwrap().into_parts().0
}

/// The store has rotated.
fn rotated(attempt: RefreshAttempt) -> Settlement {
    let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
    let RefreshStep::Rotate(rotation) = attempt.with_user(user, RefreshIds::from_random([3; 32]), NOW) else {
        panic!("an active user")
    };
    match rotation.complete(RotationOutcome::Rotated) {
        RotationStep::Settled(settlement) => settlement,
        other => panic!("{other:?}"),
    }
}

/// A refresh without a device.
#[divan::bench]
fn refresh(bencher: Bencher<'_, '_>) {
    let core = core();
    let login = login(&core);
    let head = head(&login, None);
    bencher.bench_local(|| match core.refresh(black_box(&head), NOW) {
        Assessment::NeedsRefresh(attempt) => rotated(*attempt),
        other => panic!("{other:?}"),
    });
}

/// The first leg, which no row is read for.
#[divan::bench]
fn challenge(bencher: Bencher<'_, '_>) {
    let core = core();
    let login = login(&core);
    let head = head(&login, None);
    bencher.bench_local(|| core.renew_device(black_box(&head), PREFIX, NOW, &|_| None));
}

/// The second leg: it verifies a signature on P-256.
#[divan::bench]
fn renewal(bencher: Bencher<'_, '_>) {
    let (core, device) = (core(), testing::device());
    let login = login(&core);
    let RenewAssessment::Settled(decision) = core.renew_device(&head(&login, None), PREFIX, NOW, &|_| None)
    else {
        panic!("the first leg")
    };
    let DeviceReply::Challenge { challenge } = decision.reply else { panic!("a challenge") };
    let response = device.proves(challenge.to_str().unwrap());
    let head = head(&login, Some(&response));
    let mut row = login.record.clone();
    row.device = Some(device.key());
    bencher.bench_local(|| {
        let RenewAssessment::NeedsSession(attempt) =
            core.renew_device(black_box(&head), PREFIX, NOW, &|_| None)
        else {
            panic!("the second leg")
        };
        match attempt.with_session(Some(&row)) {
            DeviceStep::Refresh(attempt, renewal) => renewal.reply(&rotated(*attempt).decision, NOW),
            other => panic!("{other:?}"),
        }
    });
}
