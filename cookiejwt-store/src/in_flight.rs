//! Passwords that this node is checking right now.
//!
//! A failure counts when it is known, which takes as long as a hash. What is being checked meanwhile might fail, so it counts
//! beside the failures of its buckets. It is no failure yet, though: whoever comes too many waits for its end and is not
//! refused, so that a right password never fails because others log in at the same moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cookiejwt_core::{BucketId, ThrottleBucket};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, futures::OwnedNotified};

/// Tries that have to do with one bucket, waiting or being checked; the next is answered 503.
const MOST_GUESTS: usize = 256;

/// What is in flight, by bucket.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<HashMap<BucketId, Flight>>);

/// One bucket with somebody in flight.
#[derive(Debug)]
struct Flight {
    /// Whoever waits or is being checked: the last one takes the entry along.
    guests: usize,
    /// Those who are being checked.
    admitted: u32,
    /// How often it was charged since the first guest came.
    charged: u64,
    /// The places, for buckets that have so many; who came first gets the next one.
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
    /// Others are in flight who might take what room there is.
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

/// One try on its way; leaves when it is dropped.
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
            // Nobody closes it.
            self.places.extend(place.acquire_owned().await);
        }
    }

    /// How often each bucket was charged; to be asked before the buckets are read.
    pub(crate) fn charges(&self) -> Vec<u64> {
        let flights = self.in_flight.flights();
        self.buckets.iter().map(|id| flights.get(id).map_or(0, |flight| flight.charged)).collect()
    }

    /// Whether the try may be checked: `room` is what the store said of each bucket, at least one, and `charges` what
    /// [`charges`](Self::charges) said before that.
    pub(crate) fn admit(&mut self, room: &[u32], charges: &[u64]) -> Admission {
        let mut flights = self.in_flight.flights();
        for ((id, room), charges) in self.buckets.iter().zip(room).zip(charges) {
            let Some(flight) = flights.get(id) else { continue };
            let charged = u32::try_from(flight.charged.saturating_sub(*charges)).unwrap_or(u32::MAX);
            if flight.admitted.saturating_add(charged) < *room {
                continue;
            }
            if charged > 0 {
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
