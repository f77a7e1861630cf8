//! Any variables: accepted settings produce valid cookies, and an error never shows the secret.
#![no_main]

use cookiejwt_core::{
    Config, Core,
    driver::{CustomClaims, LoginIds, LoginRequest, Mode, SessionTerms},
    testing::NOW,
};
use fuzz::assert_line;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=";
const NEEDED: [(&str, &str); 3] = [
    ("COOKIEJWT_SECRET", SECRET),
    ("COOKIEJWT_ISSUER", "https://id.example"),
    ("COOKIEJWT_AUDIENCE", "shop"),
];

fn assert_emits_proper_cookies(core: &Core) {
    let request = LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::default(),
        client: Default::default(),
        mode: Mode::default(),
        ids: LoginIds::from_random([7; 16], [8; 32]),
        replaces: None,
    };
    let cleared = core.clear_cookies();
    let login = core.login(request, NOW);
    let set = login.iter().flat_map(|login| login.cookies.iter());
    for cookie in set.chain(cleared.iter()) {
        assert_line(cookie.line().to_str().expect("ASCII"));
    }
}

/// A private value always ends with [`SECRET`], so that the errors for invalid ones are checked as
/// well.
fn value(name: &str, given: &str) -> String {
    let private = matches!(name, "COOKIEJWT_SECRET" | "COOKIEJWT_SECRET_PREVIOUS" | "COOKIEJWT_SIGNING_KEY");
    if private { format!("{given}{SECRET}") } else { given.into() }
}

fuzz_target!(|text: &str| {
    // The fuzzer learns the secret from this comparison, and errors may show public values that
    // contain it.
    if text.contains(SECRET) {
        return;
    }
    let given = text.lines().filter_map(|line| line.split_once('='));
    let given: Vec<_> = given.map(|(name, given)| (name, value(name, given))).collect();
    let named = |name: &str| given.iter().any(|(given, _)| *given == name);
    let missing = NEEDED.into_iter().filter(|(name, _)| !named(name));
    match Config::from_vars(missing.chain(given.iter().map(|(name, value)| (*name, &**value)))) {
        Ok(config) => assert_emits_proper_cookies(&Core::new(config)),
        Err(error) => assert!(!format!("{error} {error:?}").contains(SECRET)),
    }
});
