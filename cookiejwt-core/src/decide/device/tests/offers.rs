//! What a login offers, and what a browser is told about its session.

use super::*;

fn written(cookies: &SetCookies, core: &Core) -> Vec<String> {
    let mut headers = http::HeaderMap::new();
    core.write_cookies(cookies, &mut headers);
    let values = headers.get_all("secure-session-registration").iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[test]
fn an_offer_is_sent_with_the_cookies_of_the_login() {
    for (rule, binding, offers) in [
        ("off", DeviceBinding::Off, false),
        ("keep", DeviceBinding::Keep, false),
        ("offer", DeviceBinding::Offer, true),
        ("require", DeviceBinding::Require, true),
    ] {
        let core = core(|config| config.device_bound(binding));
        let login = login(&core, true).offered_under(PREFIX);
        let challenge = core.parts().challenges.registration(&SESSION.into(), Timestamp::from(NOW));
        let offer = format!(r#"(ES256);path="/api/auth/device/";challenge="{challenge}""#);
        let expected = if offers { vec![offer] } else { vec![] };
        assert_eq!(written(&login.cookies, &core), expected, "{rule}");
        assert_eq!(written(&core.clear_cookies().and(login.cookies), &core), expected, "{rule}: merged");
    }
}

#[test]
fn a_client_in_token_mode_is_offered_nothing() {
    let core = core(|config| config.token_mode(true));
    let mode = core.mode(&head("POST", &[("cookiejwt-mode", "token")]));
    let request = LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::remembering(true),
        client: ClientInfo::default(),
        mode,
        ids: LoginIds::from_random([1; 16], [2; 32]),
        replaces: None,
    };
    assert!(core.login(request, NOW).unwrap().device.is_none());
}

#[test]
fn every_byte_of_the_instructions() {
    let core = core(|config| {
        config
            .skip("/health")
            .trusted_origin("https://app.example:8443")
            .trusted_origin("https://www.app.example")
    });
    let mut bound = Bound::with(core);
    let reply = bound.renew(after(200)).reply;
    let DeviceReply::Renewed { instructions, challenge, .. } = reply else { panic!("{reply:?}") };
    assert_eq!(
        instructions,
        concat!(
            r#"{"session_identifier":"session-1","refresh_url":"/api/auth/device/refresh/","#,
            r#""scope":{"include_site":false,"scope_specification":["#,
            r#"{"type":"exclude","path":"/api/auth/logout"},"#,
            r#"{"type":"exclude","path":"/api/auth/token/blacklist"},"#,
            r#"{"type":"exclude","path":"/health"}]},"#,
            r#""allowed_refresh_initiators":["app.example","www.app.example"],"#,
            r#""credentials":[{"type":"cookie","name":"__Host-access_token","#,
            r#""attributes":"Path=/; Secure; HttpOnly; SameSite=Lax"}]}"#,
        )
    );
    let next = Timestamp::from(after(200)).plus_millis(1);
    let next = bound.core.parts().challenges.renewal(&SESSION.into(), next);
    assert_eq!(challenge, format!(r#""{next}";id="session-1""#));
}

#[test]
fn which_trusted_origins_may_start_a_renewal() {
    for (rule, public, trusted, expected) in [
        ("another port of this host", None, "https://app.example:8443", true),
        ("a host of the same site", None, "https://front.app.example", true),
        ("the site itself", Some("https://api.shop.example"), "https://shop.example", true),
        ("a sibling", Some("https://api.shop.example"), "https://www.shop.example", true),
        ("another site", Some("https://api.shop.example"), "https://other.example", false),
        ("another site that ends alike", Some("https://api.shop.example"), "https://myshop.example", false),
        ("an address", Some("https://192.0.2.7"), "https://198.0.2.7", false),
        ("the same address", Some("https://192.0.2.7"), "https://192.0.2.7:8443", true),
    ] {
        let core = core(|config| {
            let config = config.trusted_origin(trusted);
            public.into_iter().fold(config, ConfigBuilder::public_origin)
        });
        let mut bound = Bound::with(core);
        let reply = bound.renew(after(200)).reply;
        let DeviceReply::Renewed { instructions, .. } = reply else { panic!("{reply:?}") };
        assert_eq!(instructions.contains("allowed_refresh_initiators"), expected, "{rule}: {instructions}");
    }
}

#[test]
fn the_age_of_the_access_cookie() {
    for (rule, binding, remember, has_age) in [
        ("off, remembered", DeviceBinding::Off, true, true),
        ("off, not remembered", DeviceBinding::Off, false, false),
        ("keep, not remembered", DeviceBinding::Keep, false, true),
        ("offer, not remembered", DeviceBinding::Offer, false, true),
        ("offer, remembered", DeviceBinding::Offer, true, true),
    ] {
        let core = core(|config| config.device_bound(binding));
        let lines = lines(&login(&core, remember).cookies);
        assert_eq!(lines[0].contains("Max-Age=300"), has_age, "{rule}: {}", lines[0]);
        assert_eq!(lines[1].contains("Max-Age"), remember, "{rule}: {}", lines[1]);
    }
}
