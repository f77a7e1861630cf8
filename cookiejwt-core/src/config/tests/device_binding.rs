//! Which settings do not go together with device-bound sessions.

use std::time::Duration;

use crate::{
    config::{ConfigBuilder, CredentialOrder, DeviceBinding, SameSite},
    testing,
};

fn offer() -> ConfigBuilder {
    testing::config().device_bound(DeviceBinding::Offer)
}

type Change = fn(ConfigBuilder) -> ConfigBuilder;

#[test]
fn what_does_not_go_together_with_device_bound_sessions() {
    let rows: &[(&str, Change, &str)] = &[
        ("plain HTTP", |it| it.secure(false), "Secure"),
        (
            "a domain",
            |it| it.domain("a.example").access_name("__Secure-a").refresh_name("__Secure-r"),
            "COOKIEJWT_DOMAIN",
        ),
        (
            "another path",
            |it| it.path("/app").access_name("__Secure-a").refresh_name("__Secure-r"),
            "COOKIEJWT_PATH",
        ),
        ("partitioned cookies", |it| it.partitioned(true), "partitioned"),
        ("the prefix __Host-Http-", |it| it.access_name("__Host-Http-a"), "__Host-Http-"),
        ("the same on the refresh cookie", |it| it.refresh_name("__host-http-r"), "__Host-Http-"),
        ("SameSite=None", |it| it.same_site(SameSite::None), "COOKIEJWT_SAMESITE"),
        ("access tokens of 299 s", |it| it.access_max_age(Duration::from_secs(299)), "300 s"),
        ("no cookies", |it| it.credentials(CredentialOrder::HeaderOnly), "COOKIEJWT_CREDENTIALS"),
    ];
    for (rule, change, names) in rows {
        for binding in [DeviceBinding::Keep, DeviceBinding::Offer, DeviceBinding::Require] {
            let error = change(testing::config()).device_bound(binding).build().unwrap_err().to_string();
            assert!(error.contains("COOKIEJWT_DEVICE_BOUND") && error.contains(names), "{rule}: {error}");
        }
        assert!(change(testing::config()).build().is_ok(), "{rule}: off");
    }
}

#[test]
fn token_mode_goes_with_an_offer_and_not_with_a_requirement() {
    assert!(offer().token_mode(true).build().is_ok());
    let error = offer().device_bound(DeviceBinding::Require).token_mode(true).build().unwrap_err();
    assert!(error.to_string().contains("COOKIEJWT_TOKEN_MODE"), "{error}");
}

#[test]
fn the_four_words_of_the_variable() {
    for (word, binding) in [
        ("off", DeviceBinding::Off),
        ("keep", DeviceBinding::Keep),
        ("offer", DeviceBinding::Offer),
        ("require", DeviceBinding::Require),
    ] {
        let config = testing::config().vars([("COOKIEJWT_DEVICE_BOUND", word)]).unwrap().build().unwrap();
        assert_eq!(config.device_bound(), binding, "{word}");
    }
    for word in ["on", "true", "Offer", "offer,keep"] {
        assert!(testing::config().vars([("COOKIEJWT_DEVICE_BOUND", word)]).is_err(), "{word}");
    }
}
