//! The OpenAPI document follows the configuration. The scenarios show that responses match it.

use std::collections::BTreeSet;

use cookiejwt_store::{
    Config, CredentialOrder, Secret,
    openapi::{ACCESS_COOKIE, BEARER, REFRESH_COOKIE, Refusals},
    testing,
};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::{common::World, keys::with_key};

fn document(world: &World) -> Value {
    serde_json::to_value(world.auth.openapi()).unwrap()
}

fn keys(value: &Value) -> Vec<&String> {
    value.as_object().into_iter().flatten().map(|(key, _)| key).collect()
}

fn operations(document: &Value) -> Vec<&Value> {
    let methods =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().values());
    methods.flatten().collect()
}

/// Every value of this member, anywhere in the document.
fn all_of<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| all_of(item, name)).collect(),
        Value::Object(members) => {
            let here = members.get(name).into_iter();
            here.chain(members.values().flat_map(|member| all_of(member, name))).collect()
        }
        _ => vec![],
    }
}

#[test]
fn what_is_documented_is_mounted_and_what_is_mounted_is_documented() {
    for world in [World::new(), with_key()] {
        let document = document(&world);
        let documented: BTreeSet<String> = keys(&document["paths"]).into_iter().cloned().collect();
        let mounted = world.auth.api().paths();
        let with_slash = |path: &str| mounted.iter().any(|(other, _)| *other == format!("{path}/"));
        let expected =
            mounted.iter().map(|(path, _)| path).filter(|path| !with_slash(path)).cloned().collect();
        assert_eq!(documented, expected);
    }
}

#[test]
fn the_prefix_and_the_names_of_the_cookies() {
    let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    let config = Config::dev_http().secret(secret).issuer("https://id.example").audience("shop");
    let mut world = World::new();
    world.config = config.access_name("a.b");
    let auth = world.builder().prefix("/v2/login").build().unwrap();
    let document = serde_json::to_value(auth.openapi()).unwrap();
    assert!(keys(&document["paths"]).iter().all(|path| path.starts_with("/v2/login/")), "{document}");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (&schemes[ACCESS_COOKIE]["in"], &schemes[ACCESS_COOKIE]["name"]),
        (&json!("cookie"), &json!("a.b"))
    );
    assert_eq!(schemes[REFRESH_COOKIE]["name"], "refresh_token");
    let set = &document["paths"]["/v2/login/token/"]["post"]["responses"]["200"]["headers"]["Set-Cookie"];
    assert_eq!(set["schema"]["pattern"], r"^(a\.b|refresh_token|known_device)=");
    let said = set["description"].as_str().unwrap();
    assert!(said.contains("`Path=/; HttpOnly; SameSite=Lax`. And `known_device`"), "{set}");
}

#[test]
fn a_credential_that_is_not_read_is_not_documented() {
    for (order, expected) in [
        (CredentialOrder::CookieThenHeader, vec![ACCESS_COOKIE, BEARER, REFRESH_COOKIE]),
        (CredentialOrder::CookieOnly, vec![ACCESS_COOKIE, REFRESH_COOKIE]),
        (CredentialOrder::HeaderOnly, vec![BEARER]),
    ] {
        let document = document(&World::with(testing::config().credentials(order)));
        let schemes = keys(&document["components"]["securitySchemes"]);
        assert_eq!(schemes, expected, "{order:?}");
        for requirement in
            all_of(&document["paths"], "security").into_iter().flat_map(|list| list.as_array().unwrap())
        {
            assert!(keys(requirement).iter().all(|name| schemes.contains(name)), "{order:?}: {requirement}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_every_reference_a_target() {
    let document = document(&with_key());
    let names: Vec<_> = operations(&document)
        .into_iter()
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for reference in all_of(&document, "$ref") {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for operation in operations(&document) {
        assert!(operation["summary"].is_string() && operation["tags"] == json!(["auth"]), "{operation}");
    }
}

/// Who am I?
#[utoipa::path(get, path = "/me", security(("cookiejwt_access" = []), ("cookiejwt_bearer" = [])), responses(Refusals))]
#[allow(dead_code, reason = "its documentation is meant")]
fn me() {}

#[test]
fn the_applications_own_document_keeps_what_it_has() {
    #[derive(OpenApi)]
    #[openapi(info(title = "Shop", version = "7"), paths(me))]
    struct Own;
    let mut merged = Own::openapi();
    World::new().auth.document(&mut merged);
    let merged = serde_json::to_value(merged).unwrap();
    assert_eq!(merged["info"]["title"], "Shop");
    let own = &merged["paths"]["/me"]["get"];
    assert_eq!(keys(&own["responses"]), ["401", "403", "500", "503"]);
    let codes = keys(&own["responses"]["401"]["content"]["application/problem+json"]["examples"]);
    assert!(codes.iter().any(|code| *code == "session_revoked"), "{codes:?}");
    for requirement in own["security"].as_array().unwrap() {
        let scheme = keys(requirement)[0];
        assert!(merged["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
    }
    assert!(merged["paths"]["/api/auth/token/"]["post"].is_object());
}
