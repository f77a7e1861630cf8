//! Buckets: which ones a try fills, and when they refuse.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{decide::Core, testing};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn limit(burst: u32, millis: u64) -> ThrottleLimit {
    ThrottleLimit::new(burst, Duration::from_millis(millis)).unwrap()
}

fn bucket(limit: ThrottleLimit) -> ThrottleBucket {
    ThrottleBucket::new("bucket".into(), ThrottleScope::Account, limit)
}

/// One bucket as a store keeps it.
#[derive(Default)]
struct Level(Option<Timestamp>);

impl Level {
    /// A try with a wrong password, or how long it has to wait.
    fn fail(&mut self, bucket: &ThrottleBucket, now: i64) -> Result<(), u32> {
        if bucket.room(self.0, at(now)) == 0 {
            return Err(bucket.retry_after_seconds(self.0, at(now)));
        }
        self.charge(bucket, now);
        Ok(())
    }

    fn charge(&mut self, bucket: &ThrottleBucket, now: i64) {
        self.0 = Some(bucket.charge(at(now)).applied_to(self.0));
    }
}

#[test]
fn a_burst_then_one_per_interval() {
    let five = bucket(limit(5, 30_000));
    let mut level = Level::default();
    for (rule, now, expected) in [
        ("first", 0, Ok(())),
        ("second", 0, Ok(())),
        ("third", 1, Ok(())),
        ("fourth", 1, Ok(())),
        ("fifth", 1, Ok(())),
        ("sixth", 1, Err(30)),
        ("a refused try counts nothing", 1, Err(30)),
        ("a millisecond before the interval", 29_999, Err(1)),
        ("after the interval", 30_000, Ok(())),
        ("and only one", 30_000, Err(30)),
        ("half a second later", 30_500, Err(30)),
        ("two intervals later, one", 90_000, Ok(())),
        ("two intervals later, two", 90_000, Ok(())),
        ("two intervals later, three", 90_000, Err(30)),
        ("a clock that goes back does not count twice", 60_000, Err(60)),
        ("a day later, the burst is there again", 86_400_000, Ok(())),
        ("two", 86_400_000, Ok(())),
        ("three", 86_400_000, Ok(())),
        ("four", 86_400_000, Ok(())),
        ("five", 86_400_000, Ok(())),
        ("and no more than that", 86_400_000, Err(30)),
    ] {
        assert_eq!(level.fail(&five, now), expected, "{rule}");
    }
}

#[test]
fn room_is_what_may_still_fail() {
    let five = bucket(limit(5, 30_000));
    for (rule, drained_at, room) in [
        ("there is no such bucket", None, 5),
        ("empty", Some(0), 5),
        ("drained long ago", Some(-1_000_000), 5),
        ("one failure", Some(30_000), 4),
        ("a moment after it", Some(29_999), 4),
        ("a moment of the next", Some(30_001), 3),
        ("four", Some(120_000), 1),
        ("a part of the fifth", Some(120_001), 0),
        ("full", Some(150_000), 0),
        ("in debt", Some(300_000), 0),
        ("the end of time", Some(i64::MAX), 0),
    ] {
        assert_eq!(five.room(drained_at.map(at), at(0)), room, "{rule}");
    }
}

/// Nodes that check passwords at the same moment.
#[test]
fn debt_is_paid_off_and_ends_at_one_capacity() {
    let five = bucket(limit(5, 30_000));
    let mut level = Level::default();
    for _ in 0..7 {
        level.charge(&five, 0);
    }
    assert_eq!(level.fail(&five, 0), Err(90), "two too many: two intervals, and one for the next");
    for _ in 0..100 {
        level.charge(&five, 0);
    }
    assert_eq!(level.fail(&five, 0), Err(180), "never longer than a capacity and one interval");
    assert_eq!(level.fail(&five, 179_999), Err(1));
    assert_eq!(level.fail(&five, 180_000), Ok(()));
    level.charge(&five, -1_000_000);
    assert_eq!(level.0, Some(at(330_000)), "a clock that is behind takes nothing away");
}

#[test]
fn retry_after_is_whole_seconds_and_at_least_one() {
    let one = bucket(limit(1, 60_000));
    for (drained_at, seconds) in [
        (Some(at(1_001)), 1),
        (Some(at(2_000)), 1),
        (Some(at(2_001)), 2),
        (Some(at(61_000)), 60),
        (Some(at(1_000)), 1),
        (Some(at(0)), 1),
        (Some(at(i64::MAX)), u32::MAX),
        (Some(at(i64::MIN)), 1),
        (None, 1),
    ] {
        assert_eq!(one.retry_after_seconds(drained_at, at(1_000)), seconds, "{drained_at:?}");
    }
}

#[test]
fn a_limit_that_shuts_out_or_limits_nothing_is_none() {
    for (rule, burst, interval, is_limit) in [
        ("the smallest", 1, Duration::from_millis(1), true),
        ("the largest", 1_000_000, Duration::from_hours(24), true),
        ("no try at all", 0, Duration::from_secs(1), false),
        ("no interval", 5, Duration::ZERO, false),
        ("less than a millisecond", 5, Duration::from_micros(999), false),
        ("too many", 1_000_001, Duration::from_secs(1), false),
        ("longer than a day", 5, Duration::from_hours(24) + Duration::from_millis(1), false),
        ("endless", 5, Duration::MAX, false),
    ] {
        assert_eq!(ThrottleLimit::new(burst, interval).is_some(), is_limit, "{rule}");
    }
}

/// A try: login name, user, address.
type Tried = (Option<&'static str>, Option<i64>, Option<&'static str>);

fn buckets_of(tried: Tried, standing: Standing<'_>) -> Vec<ThrottleBucket> {
    let (login, subject, ip) = tried;
    let subject = subject.map(Subject::from);
    let ip = ip.map(|ip| ip.parse().unwrap());
    let tried = PasswordTry { login, subject: subject.as_ref(), ip, standing };
    testing::core().throttle_buckets(&Throttle::new(), tried)
}

fn buckets(tried: Tried) -> Vec<ThrottleBucket> {
    buckets_of(tried, Standing::Stranger)
}

const IP: Option<&str> = Some("192.0.2.7");
const IPV6: Option<&str> = Some("2001:db8::1");
const BOB: Option<&str> = Some("bob");

#[test]
fn the_buckets_of_a_try() {
    use ThrottleScope::{Account, AccountAndNetwork as Pair, Logins, Network};
    let all = [Pair, Pair, Account, Network, Logins];
    for (rule, tried, expected) in [
        ("a login", (BOB, Some(2), IP), &all[..]),
        ("nobody has this name", (BOB, None, IP), &all),
        ("an IPv6 address", (BOB, None, IPV6), &[Pair, Pair, Account, Network, Network, Network, Logins]),
        ("without an address", (BOB, Some(2), None), &[Account]),
        ("nobody, without an address", (BOB, None, None), &[Account]),
        ("nothing is known", (None, None, None), &[]),
    ] {
        let buckets = buckets(tried);
        let scopes: Vec<_> = buckets.iter().map(|bucket| bucket.scope).collect();
        assert_eq!(scopes, expected, "{rule}");
        assert!(buckets.iter().all(|bucket| bucket.refuses), "{rule}");
    }
}

/// Nobody else's failures concern them, and their own count everywhere.
#[test]
fn who_is_known_is_refused_by_a_bucket_of_their_own_alone() {
    use ThrottleScope::{Account, AccountAndNetwork as Pair, KnownDevice, Logins, Network, Session};
    let (device, session) = (DeviceId::from("d"), SessionId::from("d"));
    for (rule, tried, standing, own) in [
        ("a known device", (BOB, Some(2), IP), Standing::KnownDevice(&device), KnownDevice),
        ("a living session", (None, Some(2), IP), Standing::Session(&session), Session),
    ] {
        let buckets = buckets_of(tried, standing);
        let refusing: Vec<_> = buckets.iter().filter(|bucket| bucket.refuses).map(|b| b.scope).collect();
        assert_eq!(refusing, [own, Logins], "{rule}");
        let mut counting: Vec<_> = buckets.iter().filter(|b| !b.refuses).map(|b| b.scope).collect();
        counting.dedup();
        assert_eq!(counting, [Pair, Account, Network], "{rule}");
        let strangers = self::buckets(tried);
        assert!(buckets[1..].iter().all(|b| strangers.iter().any(|s| s.id == b.id)), "{rule}: the same ones");
        assert_eq!(buckets[0].room(None, at(0)), 5, "{rule}");
    }
    let of = |standing| buckets_of((BOB, Some(2), IP), standing)[0].id.clone();
    assert_ne!(of(Standing::KnownDevice(&device)), of(Standing::Session(&session)), "of the same name");
    let unlimited = Throttle::off().account(limit(1, 1));
    let subject = Subject::from(2);
    let tried = PasswordTry {
        subject: Some(&subject),
        standing: Standing::Session(&session),
        ..PasswordTry::default()
    };
    let buckets = testing::core().throttle_buckets(&unlimited, tried);
    assert!(buckets.len() == 1 && buckets[0].refuses, "without a limit of their own they are strangers");
}

#[test]
fn the_limits_of_the_table() {
    for (rule, ip, expected) in [
        (
            "IPv4",
            IP,
            &[
                ("account_and_network", 5, 30),
                ("account_and_network", 5, 30),
                ("account", 100, 5),
                ("network", 30, 2),
                ("logins", 30, 10),
            ][..],
        ),
        (
            "IPv6",
            IPV6,
            &[
                ("account_and_network", 5, 30),
                ("account_and_network", 5, 30),
                ("account", 100, 5),
                ("network", 30, 2),
                ("network", 120, 1),
                ("network", 480, 1),
                ("logins", 30, 10),
            ],
        ),
    ] {
        let buckets = buckets((BOB, Some(2), ip));
        let limits: Vec<_> = buckets
            .iter()
            .map(|bucket| {
                let mut level = Level::default();
                let mut burst = 0;
                let wait = loop {
                    match level.fail(bucket, 0) {
                        Ok(()) => burst += 1,
                        Err(seconds) => break (burst, seconds),
                    }
                };
                (bucket.scope.as_str(), wait.0, wait.1)
            })
            .collect();
        assert_eq!(limits, expected, "{rule}");
    }
    let wide: Vec<_> =
        buckets((BOB, Some(2), IPV6)).iter().map(|b| b.charge(at(0)).interval_millis).collect();
    assert_eq!(wide, [30_000, 30_000, 5_000, 2_000, 500, 125, 10_000]);
}

#[test]
fn what_one_node_checks_at_once() {
    let most = |tried, standing| -> Vec<_> {
        buckets_of(tried, standing).iter().map(|bucket| bucket.most_in_flight).collect()
    };
    let stranger = most((BOB, Some(2), IPV6), Standing::Stranger);
    assert_eq!(stranger, [Some(5), Some(5), Some(20), Some(30), Some(120), Some(480), None]);
    let session = SessionId::from("s");
    assert_eq!(most((None, Some(2), None), Standing::Session(&session))[0], Some(5));
}

const ALL: &[&str] = &["account_and_network", "account", "network", "logins"];
const IPV6_ALL: &[&str] = &["account_and_network", "account", "network", "network", "network", "logins"];
const WIDER: &[&str] = &["account", "network", "network"];

#[rustfmt::skip]
const SHARED: [(&str, Tried, Tried, &[&str]); 18] = [
    ("case", (Some("Bob"), None, IP), (Some("bOB"), None, IP), ALL),
    ("blanks around", (Some(" bob\t"), None, IP), (BOB, None, IP), ALL),
    ("blanks inside", (Some("b ob"), None, IP), (BOB, None, IP), &["network"]),
    ("two names", (BOB, None, IP), (Some("bobby"), None, IP), &["network"]),
    ("two spellings of one user", (BOB, Some(2), IP), (Some("bób"), Some(2), IP), ALL),
    ("login and another route", (BOB, Some(2), IP), (None, Some(2), IP), ALL),
    ("two spellings, one of them known", (Some("Bob"), None, IP), (BOB, Some(2), IP), &["account_and_network", "network"]),
    ("a login name that is a user's id", (Some("2"), None, IP), (None, Some(2), IP), &["network"]),
    ("two addresses", (BOB, None, IP), (BOB, None, Some("192.0.2.8")), &["account"]),
    ("IPv4 in IPv6", (BOB, None, IP), (BOB, None, Some("::ffff:192.0.2.7")), ALL),
    ("one /64", (BOB, None, Some("2001:db8:0:1::1")), (BOB, None, Some("2001:db8:0:1:ffff::2")), IPV6_ALL),
    ("two /64 of one /56", (BOB, None, Some("2001:db8:0:100::1")), (BOB, None, Some("2001:db8:0:1ff::1")), WIDER),
    ("two /56 of one /48", (BOB, None, Some("2001:db8:0:100::1")), (BOB, None, Some("2001:db8:0:200::1")), &["account", "network"]),
    ("two /48", (BOB, None, Some("2001:db8:0:1::1")), (BOB, None, Some("2001:db8:1:1::1")), &["account"]),
    ("a /56 is no /64 of its beginning", (BOB, None, Some("2001:db8:0:100::1")), (BOB, None, Some("2001:db8:0:101::1")), WIDER),
    ("IPv4 and IPv6", (BOB, None, IP), (BOB, None, IPV6), &["account"]),
    ("no address is no network", (BOB, None, None), (Some("eve"), None, None), &[]),
    ("no address shares the account", (BOB, None, None), (BOB, None, IP), &["account"]),
];

#[test]
fn which_tries_share_a_bucket() {
    for (rule, one, other, expected) in SHARED {
        let (one, other) = (buckets(one), buckets(other));
        let both = one.iter().filter(|bucket| other.iter().any(|other| other.id == bucket.id));
        let mut shared: Vec<_> = both.map(|bucket| bucket.scope.as_str()).collect();
        if shared.starts_with(&["account_and_network", "account_and_network"]) {
            shared.remove(0);
        }
        assert_eq!(shared, expected, "{rule}");
    }
}

#[test]
fn the_name_of_a_bucket_says_nothing_and_depends_on_the_secret() {
    let tried = PasswordTry { login: Some("hunter2"), ..PasswordTry::default() };
    let ids = |core: &Core| core.throttle_buckets(&Throttle::new(), tried).remove(0).id;
    let other = crate::config::Secret::from_base64("+/++AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=").unwrap();
    let other = Core::new(testing::config().secret(other).build().unwrap());
    let id = ids(&testing::core());
    assert_eq!(id, ids(&testing::core()), "every node has the same");
    assert_ne!(id, ids(&other));
    assert_eq!(id.as_str().len(), 22);
    assert!(!id.as_str().contains("hunter"));
}

#[test]
fn what_is_off_counts_nothing() {
    let tried = PasswordTry { login: Some("bob"), ip: Some([192, 0, 2, 7].into()), ..PasswordTry::default() };
    assert!(Throttle::off().is_off() && !Throttle::new().is_off());
    assert_eq!(testing::core().throttle_buckets(&Throttle::off(), tried), []);
    for (one, scope) in [
        (Throttle::off().network(limit(1, 1)), ThrottleScope::Network),
        (Throttle::off().account(limit(1, 1)), ThrottleScope::Account),
        (Throttle::off().logins(limit(1, 1)), ThrottleScope::Logins),
    ] {
        let buckets = testing::core().throttle_buckets(&one, tried);
        assert_eq!(buckets.iter().map(|bucket| bucket.scope).collect::<Vec<_>>(), [scope]);
        assert!(!one.is_off());
    }
    assert!(!Throttle::off().known(limit(1, 1)).is_off());
    assert!(!Throttle::off().account_and_network(limit(1, 1)).is_off());
}

proptest! {
    /// Between any two moments no more wrong passwords pass than the burst and what has drained
    /// meanwhile.
    #[test]
    fn never_more_than_the_burst_and_what_has_drained(
        burst in 1_u32..8,
        interval in 1_u64..50,
        waits in prop::collection::vec(0_i64..40, 1..120),
    ) {
        let bucket = bucket(limit(burst, interval));
        let (mut level, mut now, mut wrong) = (Level::default(), 0, Vec::new());
        for wait in waits {
            now += wait;
            if level.fail(&bucket, now).is_ok() {
                wrong.push(now);
            }
        }
        for (first, from) in wrong.iter().enumerate() {
            for (last, until) in wrong.iter().enumerate().skip(first) {
                let passed = i64::try_from(last - first + 1).unwrap();
                let allowed = i64::from(burst) + (until - from) / i64::try_from(interval).unwrap();
                prop_assert!(passed <= allowed, "{passed} passed in {} ms", until - from);
            }
        }
    }

    /// The same over time when two nodes at a time look at one moment and charge at another: what
    /// is too much is paid off.
    #[test]
    fn two_nodes_keep_the_rate_over_time(
        burst in 1_u32..8,
        interval in 1_u64..50,
        waits in prop::collection::vec(0_i64..40, 1..120),
    ) {
        let bucket = bucket(limit(burst, interval));
        let (mut level, mut now, mut wrong) = (Level::default(), 0, Vec::new());
        for wait in waits {
            now += wait;
            let room = bucket.room(level.0, at(now)) * 2;
            for _ in 0..room {
                level.charge(&bucket, now);
                wrong.push(now);
            }
        }
        let most = i64::from(burst) * 2 + now / i64::try_from(interval).unwrap() + 1;
        prop_assert!(i64::try_from(wrong.len()).unwrap() <= most, "{} of {most}", wrong.len());
    }

    /// Who waits as long as they are told gets through.
    #[test]
    fn retry_after_is_long_enough(burst in 1_u32..8, interval in 1_u64..100_000, waits in prop::collection::vec(0_i64..5_000, 1..50)) {
        let bucket = bucket(limit(burst, interval));
        let (mut level, mut now) = (Level::default(), 0);
        for wait in waits {
            now += wait;
            if let Err(seconds) = level.fail(&bucket, now) {
                now += i64::from(seconds) * 1000;
                prop_assert_eq!(level.fail(&bucket, now), Ok(()));
            }
        }
    }
}
