//! Passwords that this node is checking right now.
//!
//! A failure counts when it is known, which takes as long as a hash. A password that is being
//! checked at the same time might fail, so it counts with the failures of its buckets. It is no
//! failure yet, though: a try too many waits for its end and is not refused, so that a right
//! password never fails because others log in at the same moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cookiejwt_core::store::{BucketId, ThrottleBucket};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, futures::OwnedNotified};

/// Tries that have to do with one bucket, waiting or being checked; the next results in 503.
const MOST_GUESTS: usize = 256;

/// What is in flight, by bucket.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<HashMap<BucketId, Flight>>);

/// One bucket with a try in flight.
#[derive(Debug)]
struct Flight {
    /// Tries that wait or are being checked: the last one removes the entry.
    guests: usize,
    /// Tries that are being checked.
    admitted: u32,
    /// How often it was charged since the first guest came.
    charged: u64,
    /// The places, for buckets that have a limit; the first to wait gets the next one.
    places: Option<Arc<Semaphore>>,
    changed: Arc<Notify>,
}

impl Flight {
    fn new(most: Option<u32>) -> Self {
        let places = most.map(|most| Arc::new(Semaphore::new(most as usize)));
        Self { guests: 0, admitted: 0, charged: 0, places, changed: Arc::default() }
    }
}

/// What becomes of a try that has seen its buckets.
pub(crate) enum Admission {
    /// It may be checked.
    Granted,
    /// A bucket has changed since it was read.
    ReadAgain,
    /// Other tries are in flight that might take the room.
    Wait(OwnedNotified),
}

impl InFlight {
    fn flights(&self) -> MutexGuard<'_, HashMap<BucketId, Flight>> {
        // Numbers that are changed one by one: a panic elsewhere leaves none half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes to these buckets; `None` when too many are there already.
    pub(crate) fn enter(self: &Arc<Self>, buckets: &[ThrottleBucket]) -> Option<Guest> {
        let mut flights = self.flights();
        let is_crowded = |bucket: &ThrottleBucket| {
            flights.get(&bucket.id).is_some_and(|flight| flight.guests >= MOST_GUESTS)
        };
        if buckets.iter().any(is_crowded) {
            return None;
        }
        for bucket in buckets {
            let flight =
                flights.entry(bucket.id.clone()).or_insert_with(|| Flight::new(bucket.most_in_flight));
            flight.guests += 1;
        }
        let buckets = buckets.iter().map(|bucket| bucket.id.clone()).collect();
        Some(Guest { in_flight: Arc::clone(self), buckets, places: Vec::new(), is_admitted: false })
    }

    /// Notes that these buckets were charged: what was read of them before is out of date.
    pub(crate) fn note_charges(&self, charged: &[BucketId]) {
        let mut flights = self.flights();
        for id in charged {
            if let Some(flight) = flights.get_mut(id) {
                flight.charged += 1;
            }
        }
    }
}

/// One try in flight, until it is dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    in_flight: Arc<InFlight>,
    buckets: Vec<BucketId>,
    places: Vec<OwnedSemaphorePermit>,
    is_admitted: bool,
}

impl Guest {
    /// Waits for a place in each bucket that has places, in the order of the buckets.
    pub(crate) async fn take_places(&mut self) {
        let places: Vec<_> = {
            let flights = self.in_flight.flights();
            self.buckets.iter().filter_map(|id| flights.get(id)?.places.clone()).collect()
        };
        for place in places {
            // It is never closed.
            self.places.extend(place.acquire_owned().await);
        }
    }

    /// How often each bucket was charged; to be asked before the buckets are read.
    pub(crate) fn charges(&self) -> Vec<u64> {
        let flights = self.in_flight.flights();
        self.buckets.iter().map(|id| flights.get(id).map_or(0, |flight| flight.charged)).collect()
    }

    /// Whether the try may be checked: `room` is that of each bucket in the store, at least one,
    /// and `charges` what [`charges`](Self::charges) returned before that.
    pub(crate) fn admit(&mut self, room: &[u32], charges: &[u64]) -> Admission {
        let mut flights = self.in_flight.flights();
        for ((id, room), charges) in self.buckets.iter().zip(room).zip(charges) {
            let Some(flight) = flights.get(id) else { continue };
            let newly = u32::try_from(flight.charged.saturating_sub(*charges)).unwrap_or(u32::MAX);
            if flight.admitted.saturating_add(newly) < *room {
                continue;
            }
            if newly > 0 {
                return Admission::ReadAgain;
            }
            return Admission::Wait(Arc::clone(&flight.changed).notified_owned());
        }
        for id in &self.buckets {
            if let Some(flight) = flights.get_mut(id) {
                flight.admitted += 1;
            }
        }
        self.is_admitted = true;
        Admission::Granted
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut flights = self.in_flight.flights();
        for id in &self.buckets {
            let Some(flight) = flights.get_mut(id) else { continue };
            flight.guests -= 1;
            flight.admitted -= u32::from(self.is_admitted);
            flight.changed.notify_waiters();
            if flight.guests == 0 {
                flights.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
        time::Duration,
    };

    use cookiejwt_core::{
        Core,
        store::{PasswordTry, Throttle, ThrottleLimit, ThrottleScope},
        testing,
    };

    use super::*;

    fn bucket(name: &str, most: u32) -> ThrottleBucket {
        let limit = ThrottleLimit::new(most, Duration::from_secs(1)).unwrap();
        ThrottleBucket::new(name.into(), ThrottleScope::Account, limit)
    }

    fn is_granted(admission: &Admission) -> bool {
        matches!(admission, Admission::Granted)
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// The buckets of a login, with their places.
    fn of_login(login: &str, ip: [u8; 4]) -> Vec<ThrottleBucket> {
        let core = Core::new(testing::config().build().unwrap());
        let tried = PasswordTry { login: Some(login), ip: Some(ip.into()), ..PasswordTry::default() };
        core.throttle_buckets(&Throttle::new(), tried)
    }

    #[test]
    fn who_is_in_flight_counts_until_they_leave() {
        let in_flight = Arc::new(InFlight::default());
        let buckets = [bucket("a", 5), bucket("b", 5)];
        let mut one = in_flight.enter(&buckets).unwrap();
        let mut other = in_flight.enter(&buckets[1..]).unwrap();
        assert!(is_granted(&one.admit(&[1, 2], &one.charges())));
        let seen = other.charges();
        let Admission::Wait(changed) = other.admit(&[1], &seen) else { panic!("b has one place") };
        let mut changed = pin!(changed);
        assert!(poll(changed.as_mut()).is_pending());
        assert!(is_granted(&other.admit(&[2], &seen)), "there is room for two");
        drop(one);
        assert!(poll(changed).is_ready(), "who waits hears of it");
        drop(other);
        assert!(in_flight.flights().is_empty(), "nothing is left behind");
    }

    /// Between reading and asking another try has failed: what was read is too much.
    #[test]
    fn what_was_charged_since_the_reading_counts() {
        let in_flight = Arc::new(InFlight::default());
        let buckets = [bucket("a", 5)];
        let (mut one, mut other) = (in_flight.enter(&buckets).unwrap(), in_flight.enter(&buckets).unwrap());
        let seen = other.charges();
        assert!(is_granted(&one.admit(&[1], &one.charges())));
        in_flight.note_charges(&["a".into(), "nobody's".into()]);
        drop(one);
        assert!(matches!(other.admit(&[1], &seen), Admission::ReadAgain));
        assert!(is_granted(&other.admit(&[2], &seen)));
        drop(other);
        assert!(in_flight.flights().is_empty());
    }

    #[test]
    fn who_comes_too_many_is_turned_away_and_takes_nothing() {
        let in_flight = Arc::new(InFlight::default());
        let buckets = [bucket("a", 5), bucket("b", 5)];
        let guests: Vec<_> = (0..MOST_GUESTS).map(|_| in_flight.enter(&buckets[1..]).unwrap()).collect();
        assert!(in_flight.enter(&buckets).is_none());
        assert_eq!(in_flight.flights().len(), 1, "nothing of the other bucket");
        drop(guests);
        assert!(in_flight.enter(&buckets).is_some());
    }

    /// Five of an account from one network, twenty of an account, thirty of a network; the next one
    /// waits.
    #[test]
    fn places_are_taken_in_turn_and_given_back() {
        let accounts = |index: u8| format!("user {index}");
        let networks = |index: u8| [10, 0, 0, index];
        for (rule, most, tries) in [
            (
                "an account from one network",
                5,
                (0..6).map(|_| of_login("alice", [10, 0, 0, 1])).collect::<Vec<_>>(),
            ),
            ("an account", 20, (0..21).map(|index| of_login("alice", networks(index))).collect()),
            ("a network", 30, (0..31).map(|index| of_login(&accounts(index), [10, 0, 0, 1])).collect()),
        ] {
            let in_flight = Arc::new(InFlight::default());
            let mut guests: Vec<_> = tries.iter().map(|buckets| in_flight.enter(buckets).unwrap()).collect();
            let mut last = guests.pop().unwrap();
            assert_eq!(guests.len(), most, "{rule}");
            for guest in &mut guests {
                assert!(poll(pin!(guest.take_places())).is_ready(), "{rule}");
            }
            {
                let mut waiting = pin!(last.take_places());
                assert!(poll(waiting.as_mut()).is_pending(), "{rule}: it waits");
                guests.pop();
                assert!(poll(waiting).is_ready(), "{rule}: until somebody leaves");
            }
            drop((guests, last));
            assert!(in_flight.flights().is_empty(), "{rule}");
        }
    }

    #[test]
    fn whoever_gives_up_while_waiting_is_forgotten() {
        let in_flight = Arc::new(InFlight::default());
        let buckets = of_login("alice", [10, 0, 0, 1]);
        let mut guests: Vec<_> = (0..5).map(|_| in_flight.enter(&buckets).unwrap()).collect();
        for guest in &mut guests {
            assert!(poll(pin!(guest.take_places())).is_ready());
        }
        let mut gone = in_flight.enter(&buckets).unwrap();
        assert!(poll(pin!(gone.take_places())).is_pending());
        drop(gone);
        guests.pop();
        let mut next = in_flight.enter(&buckets).unwrap();
        assert!(poll(pin!(next.take_places())).is_ready());
    }
}
