use std::{collections::HashMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::testing;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn limit(burst: u32, millis: u64) -> ThrottleLimit {
    ThrottleLimit::new(burst, Duration::from_millis(millis)).unwrap()
}

fn request(limit: ThrottleLimit, now: i64) -> ThrottleRequest {
    limit.request("bucket".into(), ThrottleScope::Account, at(now))
}

/// A store as the document of [`ThrottleRequest`] describes it.
#[derive(Default)]
struct Buckets(HashMap<BucketId, Timestamp>);

impl Buckets {
    fn count(&mut self, request: &ThrottleRequest) -> Result<(), u32> {
        let drained_at = self.0.get(&request.bucket).copied();
        if !request.has_room(drained_at) {
            return Err(request.retry_after_seconds(drained_at));
        }
        self.0.insert(request.bucket.clone(), request.counted(drained_at));
        Ok(())
    }

    fn refund(&mut self, refund: &ThrottleRefund) {
        if let Some(drained_at) = self.0.get_mut(&refund.bucket) {
            *drained_at = drained_at.plus_millis(-refund.millis);
        }
    }
}

#[test]
fn a_burst_then_one_per_interval() {
    let five = limit(5, 30_000);
    let mut buckets = Buckets::default();
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
        assert_eq!(buckets.count(&request(five, now)), expected, "{rule}");
    }
}

#[test]
fn retry_after_is_whole_seconds_and_at_least_one() {
    let asked = request(limit(1, 60_000), 1_000);
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
        assert_eq!(asked.retry_after_seconds(drained_at), seconds, "{drained_at:?}");
    }
}

#[test]
fn a_refund_is_what_is_left_of_the_try() {
    let asked = request(limit(5, 2_000), 10_000);
    for (rule, now, millis) in [
        ("at once", 10_000, Some(2_000)),
        ("later", 10_600, Some(1_400)),
        ("just before it has drained", 11_999, Some(1)),
        ("when it has drained", 12_000, None),
        ("long after", 90_000, None),
        ("a clock that went back", 9_000, Some(2_000)),
    ] {
        assert_eq!(asked.refund(at(now)).map(|refund| refund.millis), millis, "{rule}");
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

/// The buckets of a try, as scope and id.
fn buckets(login: Option<&str>, subject: Option<i64>, ip: Option<&str>) -> Vec<(ThrottleScope, BucketId)> {
    let subject = subject.map(Subject::from);
    let tried = PasswordTry { login, subject: subject.as_ref(), ip: ip.map(|ip| ip.parse().unwrap()) };
    let requests = testing::core().throttle_requests(&Throttle::new(), tried, at(0));
    requests.into_iter().map(|request| (request.scope, request.bucket)).collect()
}

#[test]
fn the_buckets_of_a_try() {
    use ThrottleScope::{Account, AccountAndNetwork as Pair, Network};
    let scopes = |login, subject, ip| -> Vec<_> {
        buckets(login, subject, ip).into_iter().map(|(scope, _)| scope).collect()
    };
    let (bob, ip) = (Some("bob"), Some("192.0.2.7"));
    assert_eq!(scopes(bob, Some(2), ip), [Pair, Pair, Network, Account], "a login");
    assert_eq!(scopes(bob, None, ip), [Pair, Pair, Network, Account], "nobody has this name");
    assert_eq!(scopes(None, Some(2), ip), [Pair, Network, Account], "the password of who is logged in");
    assert_eq!(scopes(bob, Some(2), None), [Account], "without an address");
    assert_eq!(scopes(bob, None, None), [Account], "nobody, without an address");
    assert_eq!(scopes(None, None, None), [], "nothing is known");
}

/// Login name, user and address of a try.
type Tried = (Option<&'static str>, Option<i64>, Option<&'static str>);

const IP: Option<&str> = Some("192.0.2.7");
const BOB: Option<&str> = Some("bob");
const ALL: &[&str] = &["account_and_network", "network", "account"];

#[rustfmt::skip]
const SHARED: [(&str, Tried, Tried, &[&str]); 13] = [
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
    ("one /64", (BOB, None, Some("2001:db8:0:1::1")), (BOB, None, Some("2001:db8:0:1:ffff::2")), ALL),
    ("two /64", (BOB, None, Some("2001:db8:0:1::1")), (BOB, None, Some("2001:db8:0:2::1")), &["account"]),
    ("no address is no network", (BOB, None, None), (Some("eve"), None, None), &[]),
];

#[test]
fn which_tries_share_a_bucket() {
    for (rule, one, other, expected) in SHARED {
        let (one, other) = (buckets(one.0, one.1, one.2), buckets(other.0, other.1, other.2));
        let both = one.iter().filter(|bucket| other.contains(bucket));
        let mut shared: Vec<_> = both.map(|(scope, _)| scope.as_str()).collect();
        shared.dedup();
        assert_eq!(shared, expected, "{rule}");
    }
}

#[test]
fn the_name_of_a_bucket_says_nothing_and_depends_on_the_secret() {
    let tried = PasswordTry { login: Some("hunter2"), ..PasswordTry::default() };
    let ids = |core: &Core| core.throttle_requests(&Throttle::new(), tried, at(0)).remove(0).bucket;
    let other = crate::Secret::from_base64("+/++AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=").unwrap();
    let other = Core::new(testing::config().secret(other).build().unwrap());
    let id = ids(&testing::core());
    assert_eq!(id, ids(&testing::core()), "every node has the same");
    assert_ne!(id, ids(&other));
    assert_eq!(id.as_str().len(), 22);
    assert!(!id.as_str().contains("hunter"));
}

#[test]
fn what_is_off_counts_nothing() {
    let tried = PasswordTry { login: Some("bob"), subject: None, ip: Some([192, 0, 2, 7].into()) };
    assert!(Throttle::off().is_off() && !Throttle::new().is_off());
    assert_eq!(testing::core().throttle_requests(&Throttle::off(), tried, at(0)), []);
    let one = Throttle::off().network(limit(1, 1));
    let scopes =
        testing::core().throttle_requests(&one, tried, at(0)).into_iter().map(|request| request.scope);
    assert_eq!(scopes.collect::<Vec<_>>(), [ThrottleScope::Network]);
}

proptest! {
    /// Between any two moments no more wrong passwords pass than the burst and what has drained meanwhile, whatever right
    /// ones are taken back, and when.
    #[test]
    fn never_more_than_the_burst_and_what_has_drained(
        burst in 1_u32..8,
        interval in 1_u64..50,
        steps in prop::collection::vec((0_i64..40, any::<bool>(), 0_i64..120), 1..120),
    ) {
        let limit = limit(burst, interval);
        let (mut buckets, mut now, mut wrong) = (Buckets::default(), 0, Vec::new());
        let mut open: Vec<(i64, ThrottleRequest)> = Vec::new();
        for (wait, is_right, takes) in steps {
            now += wait;
            open.sort_by_key(|(due, _)| *due);
            while open.first().is_some_and(|(due, _)| *due <= now) {
                let (due, request) = open.remove(0);
                if let Some(refund) = request.refund(at(due)) {
                    buckets.refund(&refund);
                }
            }
            let request = request(limit, now);
            if buckets.count(&request).is_err() {
                continue;
            }
            if is_right {
                open.push((now + takes, request));
            } else {
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

    /// Who waits as long as he is told gets through.
    #[test]
    fn retry_after_is_long_enough(burst in 1_u32..8, interval in 1_u64..100_000, waits in prop::collection::vec(0_i64..5_000, 1..50)) {
        let limit = limit(burst, interval);
        let (mut buckets, mut now) = (Buckets::default(), 0);
        for wait in waits {
            now += wait;
            if let Err(seconds) = buckets.count(&request(limit, now)) {
                now += i64::from(seconds) * 1000;
                prop_assert_eq!(buckets.count(&request(limit, now)), Ok(()));
            }
        }
    }
}
