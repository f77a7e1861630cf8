//! Section 2 (reading) and the wire contract's cookies (writing).

mod reading;
mod rendering;
mod writing;

use http::HeaderName;

use crate::{
    config::{CookieSettings, SameSite},
    head::Headers,
};

/// Header fields with any bytes in their values, as frameworks other than `http` may hand them on.
struct RawFields(Vec<(HeaderName, Vec<u8>)>);

impl Headers for RawFields {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        self.0.iter().filter(|(field, _)| field == name).for_each(|(_, value)| visit(value));
    }
}

fn settings() -> CookieSettings {
    CookieSettings {
        access_name: "__Host-access_token".into(),
        refresh_name: "__Host-refresh_token".into(),
        device_name: "__Host-known_device".into(),
        path: "/".into(),
        domain: None,
        secure: true,
        http_only: true,
        same_site: SameSite::Lax,
        partitioned: false,
    }
}
