//! The guide: how to use this, how it works, and why it is built so.
//!
//! Every page stands by itself; every sample compiles. The names are those of all three adapters, which re-export this crate, so
//! that `cookiejwt_store::…` in a sample is `cookiejwt_axum::…` in an application on axum. The quick start of each framework is
//! the first page of its adapter.
//!
//! To begin with: [how refresh works](refresh), [what your users meet](people), [CSRF](csrf),
//! [front ends on another origin](front_ends), [proxies], [testing your application](testing).
//!
//! When you need it: [mobile and command-line clients](mobile), [server-side rendering](server_side_rendering),
//! [two kinds of users](two_kinds_of_users), [WebSockets and long streams](streams), [keys and how to change them](keys), [events and metrics](monitoring),
//! [scaling], [migrating from django-cookiejwt](migrating).
//!
//! To judge it: [attacks and what stops them](attacks), [what it costs](speed), [choosing between this and plain sessions](choosing).

#[doc = include_str!("../docs/guide/attacks.md")]
pub mod attacks {}
#[doc = include_str!("../docs/guide/choosing.md")]
pub mod choosing {}
#[doc = include_str!("../docs/guide/csrf.md")]
pub mod csrf {}
#[doc = include_str!("../docs/guide/front_ends.md")]
pub mod front_ends {}
#[doc = include_str!("../docs/guide/keys.md")]
pub mod keys {}
#[doc = include_str!("../docs/guide/migrating.md")]
pub mod migrating {}
#[doc = include_str!("../docs/guide/mobile.md")]
pub mod mobile {}
#[doc = include_str!("../docs/guide/monitoring.md")]
pub mod monitoring {}
#[doc = include_str!("../docs/guide/people.md")]
pub mod people {}
#[doc = include_str!("../docs/guide/proxies.md")]
pub mod proxies {}
#[doc = include_str!("../docs/guide/refresh.md")]
pub mod refresh {}
#[doc = include_str!("../docs/guide/scaling.md")]
pub mod scaling {}
#[doc = include_str!("../docs/guide/server_side_rendering.md")]
pub mod server_side_rendering {}
#[doc = include_str!("../docs/guide/speed.md")]
pub mod speed {}
#[doc = include_str!("../docs/guide/streams.md")]
pub mod streams {}
#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}
#[doc = include_str!("../docs/guide/two_kinds_of_users.md")]
pub mod two_kinds_of_users {}
