//! The host under which browsers see the application.

use crate::{config::CsrfSettings, request::head::RequestHead, syntax::host_of};

/// The host of the public origin, unless the request was for the host of a trusted origin.
pub(crate) fn public_host<'a>(head: &RequestHead<'a>, csrf: &'a CsrfSettings) -> Option<&'a str> {
    let host_of_origin = |origin: &'a String| origin.split_once("://").and_then(|(_, rest)| host_of(rest));
    let asked = head.authority().and_then(host_of);
    let Some(public) = csrf.public_origin.as_ref().and_then(host_of_origin) else { return asked };
    let is_trusted = |host: &&str| {
        csrf.trusted_origins
            .iter()
            .filter_map(host_of_origin)
            .any(|trusted| trusted.eq_ignore_ascii_case(host))
    };
    Some(asked.filter(is_trusted).unwrap_or(public))
}
