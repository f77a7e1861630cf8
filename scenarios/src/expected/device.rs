//! The responses to what a browser sends by itself for a device-bound session.

use super::{Expected, empty, json, problem};

const PREFIX: &str = "/api/auth";
const LOGOUT: [&str; 2] = ["/api/auth/logout", "/api/auth/token/blacklist"];
const RELOAD: &str = r#"<!doctype html><meta charset="utf-8"><title>One moment</title><script>location.reload()</script><p><a href="">Continue</a>"#;
/// The hash of the script that is in it; a test computes it.
const RELOAD_POLICY: &str =
    "default-src 'none'; script-src 'sha256-9gOBGqEQINNDuds+tkXbNzih6klbz+KeCyxEj4KRLeM='";

/// The session is bound; without cookies.
pub fn bound(session: u64) -> Expected {
    json(&instructions(session, "", &[])).for_own_pages()
}

/// The session is renewed, at this second: both tokens are marked, and the next challenge comes
/// along.
pub fn renewed(session: u64, second: i64) -> Expected {
    bound(session).challenges(&format!("#{session}"), second).marked()
}

/// A challenge of this second.
pub fn challenged(session: u64, second: i64) -> Expected {
    challenged_of(&format!("#{session}"), second)
}

/// The same for a session of any id.
pub fn challenged_of(session: &str, second: i64) -> Expected {
    empty(403).field("cache-control", "no-store").for_own_pages().challenges(session, second)
}

/// The browser forgets the session.
pub fn over(session: &str) -> Expected {
    json(&format!(r#"{{"session_identifier":"{session}","continue":false}}"#)).for_own_pages()
}

/// What one of the two routes refuses.
pub fn at_device(code: &str) -> Expected {
    problem(code).for_own_pages()
}

/// Seconds, where no script runs.
const RELOAD_AFTER: &str = "1";

/// The page that reloads itself.
pub fn reloads() -> Expected {
    let refused = problem("device_proof_required");
    Expected { body: RELOAD.into(), ..refused }
        .field("content-type", "text/html; charset=utf-8")
        .field("refresh", RELOAD_AFTER)
        .field("content-security-policy", RELOAD_POLICY)
}

/// In the order of the members; `initiators` begins with a comma, if there are any.
fn instructions(session: u64, initiators: &str, skipped: &[&str]) -> String {
    let rule = |path: &&str| format!(r#"{{"type":"exclude","path":"{path}"}}"#);
    let rules: Vec<_> = LOGOUT.iter().chain(skipped).map(rule).collect();
    format!(
        r##"{{"session_identifier":"#{session}","refresh_url":"{PREFIX}/device/refresh/","scope":{{"include_site":false,"scope_specification":[{}]}}{initiators},"credentials":[{{"type":"cookie","name":"__Host-access_token","attributes":"Path=/; Secure; HttpOnly; SameSite=Lax"}}]}}"##,
        rules.join(","),
    )
}

impl Expected {
    /// The response that begins this session, at this second, offers to bind it.
    pub fn offers(self, session: u64, second: i64) -> Self {
        let path = format!("{PREFIX}/device/");
        let challenge = format!("#{session}.<registration, {second}>");
        self.field(
            "secure-session-registration",
            &format!(r#"(ES256);path="{path}";challenge="{challenge}""#),
        )
    }

    /// What the device signs next.
    fn challenges(self, session: &str, second: i64) -> Self {
        self.field("secure-session-challenge", &format!(r#""<renewal, {second}>";id="{session}""#))
    }

    /// The instructions leave these paths out.
    pub fn skipping(self, session: u64, skipped: &[&str]) -> Self {
        self.with_body(&instructions(session, "", skipped))
    }

    /// The requests of pages on these hosts are held back too.
    pub fn initiated_by(self, session: u64, hosts: &str) -> Self {
        let initiators = format!(r#","allowed_refresh_initiators":[{hosts}]"#);
        self.with_body(&instructions(session, &initiators, &[]))
    }

    /// Its tokens say that their session is bound to a device.
    fn marked(self) -> Self {
        Self { is_marked: true, ..self }
    }

    /// No page of another origin embeds it.
    fn for_own_pages(self) -> Self {
        self.field("cross-origin-resource-policy", "same-origin")
    }

    pub(super) fn marked_line(&self, line: String) -> String {
        if self.is_marked { line.replacen(">; ", ", bound>; ", 1) } else { line }
    }
}
