use cookiejwt_core::{Config, Core, Secret, testing};
use time::{Duration, OffsetDateTime};

use crate::common::USER;

/// The `COOKIEJWT_SECRET` of servers whose tokens a test mints.
pub(crate) const SECRET: &str = "8Z3sDqVw0mYt5nJkUoRb7xKfGcHePaLi2TQvEySdXWA=";

/// An access token of this session, signed with [`SECRET`], for a login that many seconds ago.
pub(crate) fn logged_in_ago(session: &str, seconds: i64) -> String {
    let config = Config::builder().issuer("http://localhost").audience("demo");
    let config =
        config.secret(Secret::from_base64(SECRET).expect("a secret")).build().expect("valid settings");
    let now = OffsetDateTime::now_utc();
    let token = testing::access("1").by(&Core::new(config)).session(session.to_owned()).issued_at(now);
    token.auth_time(now - Duration::seconds(seconds)).claim("username", USER).token()
}
