//! Whatever a client sends, it gets one of the responses of the wire contract.

use bytes::Bytes;
use cookiejwt_store::{Body, Route};
use proptest::{collection::vec, option, prelude::*};

use crate::{answer::Ask, common::World};

fn routes() -> impl Strategy<Value = Route> {
    prop::sample::select(vec![
        Route::Login,
        Route::Refresh,
        Route::Logout,
        Route::Verify,
        Route::FreshLogin,
        Route::Sessions,
        Route::Session,
        Route::Password,
        Route::Jwks,
    ])
}

fn content_types() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => Just(b"application/json".to_vec()),
        3 => Just(b"application/x-www-form-urlencoded".to_vec()),
        1 => "[ -~]{0,40}".prop_map(String::into_bytes),
        1 => vec(0x80_u8..=0xff, 0..20),
    ]
}

fn bodies() -> impl Strategy<Value = Body> {
    let field = prop_oneof![Just("username"), Just("password"), Just("remember"), Just("refresh")];
    let value = prop_oneof![
        "\"\\PC{0,8}\"",
        "\"[a-z]{1,8}\"",
        Just("true".to_owned()),
        Just("null".to_owned()),
        "[0-9]{1,20}",
    ];
    let json = vec((field.clone(), value), 0..5).prop_map(|members| {
        let members: Vec<_> =
            members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    });
    let form = vec((field, "[ -~]{0,8}"), 0..5).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&").into_bytes()
    });
    prop_oneof![
        4 => json.prop_map(|body| Body::Complete(body.into())),
        4 => form.prop_map(|body| Body::Complete(body.into())),
        4 => vec(any::<u8>(), 0..200).prop_map(|body| Body::Complete(Bytes::from(body))),
        1 => Just(Body::TooLarge),
        1 => Just(Body::Broken),
    ]
}

/// Anything that `http` accepts as the value of a field.
fn field_values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(prop_oneof![Just(b'\t'), 0x20_u8..=0x7e, 0x80_u8..=0xff], 0..120),
        "(__Host-(access|refresh)_token=[A-Za-z0-9._-]{0,40}; ?){0,4}".prop_map(String::into_bytes),
        "Bearer [A-Za-z0-9._~+/-]{0,60}=*".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_answered(
        route in routes(),
        content_type in option::of(content_types()),
        cookie in option::of(field_values()),
        authorization in option::of(field_values()),
        site in option::of(field_values()),
        body in bodies(),
    ) {
        let fields = [
            ("content-type", content_type),
            ("cookie", cookie),
            ("authorization", authorization),
            ("sec-fetch-site", site),
        ];
        let ask = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let ask = ask.fold(Ask::post(route), |ask, (name, value)| ask.header(name, value)).raw(body);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async { ask.of(&World::new()).await });
        match answer.status() {
            200 => answer.assert_json("logout, with nothing to end", &serde_json::json!({})),
            status @ (400 | 401 | 403 | 413 | 415) => {
                let (_, code) = answer.code();
                answer.assert_problem("refused", status, &code);
            }
            // There is no asymmetric key, so nothing is mounted.
            404 => prop_assert_eq!(route, Route::Jwks),
            405 => prop_assert!(matches!(route, Route::Sessions | Route::Session)),
            status => prop_assert!(false, "{} on {:?}", status, route),
        }
        prop_assert_eq!(answer.status() == 200, route == Route::Logout && answer.status() != 403);
    }
}
