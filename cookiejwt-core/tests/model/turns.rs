//! T: an owner and a thief take turns.

use crate::{
    invariant::{Broken, hold},
    scenario::Invariant,
    server::Route,
    step::Model,
    world::{Owner, World},
};

impl Model {
    /// Whether the other party's last request is long enough ago.
    pub(crate) fn is_turn_of(&self, owner: Owner, world: &World) -> bool {
        let other = match owner {
            Owner::Browser => world.turns.thief_at,
            Owner::Thief => world.turns.owner_at,
        };
        self.scenario.turns.is_none_or(|turns| world.now - other > turns.gap)
    }

    /// A party has sent a request. A turn starts when the other party asks for tokens; the first
    /// turn is the thief's.
    pub(crate) fn contact(&self, world: &mut World, owner: Owner, route: Route) -> Result<(), Broken> {
        let Some(rules) = self.scenario.turns else { return Ok(()) };
        let turns = &mut world.turns;
        match owner {
            Owner::Browser => turns.owner_at = world.now,
            Owner::Thief => turns.thief_at = world.now,
        }
        let has_begun = owner == Owner::Thief || turns.last.is_some();
        if has_begun && route == Route::Refresh && turns.last != Some(owner) {
            turns.last = Some(owner);
            turns.count += 1;
        }
        let count = turns.count;
        hold(Invariant::TheftEndsSession, count < rules.noticed_at || self.is_noticed(world), || {
            format!("turn {count} of owner and thief, and nobody has noticed")
        })
    }

    /// Nothing more can happen.
    pub(crate) fn is_noticed(&self, world: &World) -> bool {
        self.scenario.turns.is_some() && world.sessions.iter().any(|session| session.truth.sentenced[0])
    }
}
