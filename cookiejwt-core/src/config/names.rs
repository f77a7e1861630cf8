//! Variables that are not settings: where they come from, and what to do about them.

use super::{ConfigError, ConfigErrorKind};

const PREFIX: &str = "COOKIEJWT_";

/// Whether we read a variable of this name, or refuse it with an explanation. `cookiejwt_secret` is
/// refused: the operator who set it believes that it has an effect.
pub(super) fn is_ours(name: &str) -> bool {
    let prefix = bare(name).get(..PREFIX.len());
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

pub(super) fn unknown(name: &str, known: &[&'static str]) -> ConfigError {
    let refuse = |what: &'static str, cure: String| {
        ConfigError::new(name.escape_debug().to_string(), ConfigErrorKind::Unknown, what, cure)
    };
    if bare(name) != name {
        let cure =
            format!("write {} alone: no `export`, no space and no byte order mark before it", bare(name));
        return refuse("is a line that a shell would understand, and what read this file does not", cure);
    }
    if is_service_link(name) {
        let what = "is the address of a service, which Kubernetes or Docker set automatically";
        let cure =
            "set `enableServiceLinks: false` in the pod, or give the service a name other than cookiejwt";
        return refuse(what, cure.into());
    }
    if let Some(meant) = known.iter().find(|known| plain(known) == plain(name)) {
        return refuse("is written otherwise", format!("write {meant}"));
    }
    let near = known.iter().map(|known| (distance(known, name), known)).min();
    let all = known.join(", ");
    let cure = match near {
        Some((0..=2, meant)) => format!("write {meant}, or use one of {all}"),
        _ => format!("remove it, or use one of {all}"),
    };
    refuse("is not a setting of this version", cure)
}

/// The name without what a shell file or an editor puts before it.
fn bare(name: &str) -> &str {
    let name = name.trim_start_matches('\u{feff}').trim_start();
    name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(name).trim()
}

/// `docker run --link`, and a Kubernetes service whose name begins with `cookiejwt`, in every pod
/// of its namespace: `COOKIEJWT_SERVICE_HOST`, `COOKIEJWT_SERVICE_PORT_HTTP`, `COOKIEJWT_PORT`,
/// `COOKIEJWT_DB_PORT_5432_TCP_ADDR`, `COOKIEJWT_NAME`, `COOKIEJWT_ENV_…`.
fn is_service_link(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let service = rest.strip_prefix("SERVICE_").or_else(|| rest.split_once("_SERVICE_").map(|(_, end)| end));
    if service.is_some_and(|end| end == "HOST" || end == "PORT" || end.starts_with("PORT_")) {
        return true;
    }
    let port = rest.strip_prefix("PORT").or_else(|| rest.split_once("_PORT").map(|(_, end)| end));
    let is_port = port.is_some_and(|end| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = end.split('_').skip(1);
        end.is_empty()
            || end.starts_with('_')
                && parts.next().is_some_and(digits)
                && parts.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol))
    });
    is_port || rest == "NAME" || rest.starts_with("ENV_")
}

/// The name as a person reads it.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// How many letters have to be changed, added or removed (Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line.saturating_add(1);
        let mut next = vec![left];
        for (above, candidate) in row.iter().skip(1).zip(other.chars()) {
            let change = diagonal.saturating_add(usize::from(letter != candidate));
            left = change.min(above.saturating_add(1)).min(left.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_two_names_are_apart() {
        for (one, other, expected) in [
            ("", "", 0),
            ("SECRET", "SECRET", 0),
            ("SECRET", "SECRETS", 1),
            ("SECRET", "SECET", 1),
            ("SECRET", "SERCET", 2),
            ("ISSUER", "AUDIENCE", 7),
            ("", "ABC", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }
}
