//! `clients reqwest|ureq BASE CA` walks through the steps of `interop/clients.py` and prints each
//! status.

use std::{env, error::Error, fs};

use serde_json::json;

type Steps<'a> = &'a [(&'a str, &'a str, bool)];

const STEPS: Steps<'_> = &[
    ("POST", "/api/auth/token/", true),
    ("GET", "/api/me", false),
    ("POST", "/api/auth/token/refresh/", false),
    ("GET", "/api/me", false),
    ("POST", "/api/auth/logout/", false),
    ("GET", "/api/me", false),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [client, base, ca] = arguments.as_slice() else { return Err("clients CLIENT BASE CA".into()) };
    let statuses = if client == "ureq" { by_ureq(base, ca)? } else { by_reqwest(base, ca)? };
    println!("{statuses:?}");
    Ok(())
}

fn login() -> serde_json::Value {
    json!({ "username": "demo", "password": "correct horse battery", "remember": true })
}

fn by_reqwest(base: &str, ca: &str) -> Result<Vec<u16>, Box<dyn Error>> {
    let ca = reqwest::Certificate::from_pem(&fs::read(ca)?)?;
    let client = reqwest::blocking::Client::builder().cookie_store(true).add_root_certificate(ca).build()?;
    let send = |&(method, path, is_login): &(&str, &str, bool)| {
        let url = format!("{base}{path}");
        let request = if method == "GET" { client.get(url) } else { client.post(url) };
        let request = if is_login { request.json(&login()) } else { request };
        Ok(request.send()?.status().as_u16())
    };
    STEPS.iter().map(send).collect()
}

fn by_ureq(base: &str, ca: &str) -> Result<Vec<u16>, Box<dyn Error>> {
    use ureq::tls::{Certificate, RootCerts, TlsConfig};
    let ca = Certificate::from_pem(&fs::read(ca)?)?;
    let tls = TlsConfig::builder().root_certs(RootCerts::from(vec![ca])).build();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).tls_config(tls).build().into();
    let send = |&(method, path, is_login): &(&str, &str, bool)| {
        let url = format!("{base}{path}");
        let response = match (method, is_login) {
            ("GET", _) => agent.get(url).call()?,
            (_, true) => agent.post(url).send_json(login())?,
            _ => agent.post(url).send_empty()?,
        };
        Ok(response.status().as_u16())
    };
    STEPS.iter().map(send).collect()
}
