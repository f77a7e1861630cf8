//! An operator with two user tables sees which of them an event belongs to.

use cookiejwt_store::{ConfigBuilder, testing};

use crate::{
    PASSWORD, WRONG,
    common::World,
    ear::{Told, hear_in},
    fails_to_log_in, logs_in, refreshes,
};

/// Replaces the cookie names of the realm by those of the jar.
fn config() -> ConfigBuilder {
    let config = testing::config().access_name("__Host-access_token").refresh_name("__Host-refresh_token");
    config.known_devices(false)
}

fn story_of(config: ConfigBuilder) -> Told {
    hear_in(
        || World::with(config),
        async |world| {
            fails_to_log_in(world, "alice", WRONG).await;
            let browser = logs_in(world).await;
            refreshes(world, &browser).await;
        },
    )
}

#[test]
fn every_counter_and_every_line_names_the_realm() {
    let told = story_of(config().realm("staff"));
    for counter in [
        "cookiejwt_logins_total{outcome=wrong_password,realm=staff}",
        "cookiejwt_logins_total{outcome=success,realm=staff}",
        "cookiejwt_refreshes_total{outcome=rotated,realm=staff}",
    ] {
        assert_eq!(told.counters.get(counter), Some(&1), "{counter} in {:?}", told.counters);
    }
    for counter in told.counters.keys() {
        assert!(counter.ends_with("realm=staff}"), "{counter}");
    }
    for event in ["login refused", "logged in", "refreshed"] {
        let line = told.log.lines().find(|line| line.contains(event)).expect("a line");
        assert!(line.contains("cookiejwt{realm=staff}: "), "{line}");
    }
    assert!(!told.log.contains(PASSWORD));
}

#[test]
fn without_a_realm_nothing_is_added() {
    let told = story_of(config());
    assert!(told.counters.contains_key("cookiejwt_logins_total{outcome=success}"), "{:?}", told.counters);
    for text in told.counters.keys().map(String::as_str).chain(told.log.lines()) {
        assert!(!text.contains("realm"), "{text}");
    }
}
