//! How cookies are written.

mod rendering;
mod writing;

use time::{OffsetDateTime, macros::format_description};

use super::Life;
use crate::config::{CookieSettings, SameSite};

fn settings() -> CookieSettings {
    CookieSettings {
        access_has_age: false,
        access_name: "__Host-access_token".into(),
        refresh_name: "__Host-refresh_token".into(),
        device_name: "__Host-known_device".into(),
        pending_prefix: "pending_".into(),
        path: "/".into(),
        domain: None,
        secure: true,
        http_only: true,
        same_site: SameSite::Lax,
        partitioned: false,
    }
}

/// 2026-01-01T12:00:00Z.
const NOW: i64 = 1_767_268_800;

/// So many seconds from now on.
fn life(seconds: i64) -> Life {
    Life { now: NOW, ends_at: NOW.saturating_add(seconds) }
}

/// The two attributes of a life, put together in another way than the code does.
fn in_attributes(seconds: i64) -> String {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let ends_at = OffsetDateTime::from_unix_timestamp(NOW + seconds).unwrap().format(format).unwrap();
    format!("; Max-Age={seconds}; Expires={ends_at}")
}
