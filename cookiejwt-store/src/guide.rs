//! The guide: how to use cookiejwt, how it works, and why it is built this way.
//!
//! You can read the pages in any order, and every sample compiles. The adapters re-export this
//! crate, so `cookiejwt_store::…` in a sample becomes `cookiejwt_axum::…` in an axum application.
//! The quick start for each framework is on the first page of its adapter.
//!
//! To begin with: [how refresh works](refresh), [logins, passwords and sessions](people),
//! [CSRF](csrf), [front ends on another origin](front_ends), [proxies], [browsers], [testing your
//! application](testing).
//!
//! When you need it: [HTML forms](html_forms), [mailed links](links), [second
//! factors](second_factor), [device-bound sessions](device_bound), [acting for a user](acting), [mobile and command-line clients](mobile),
//! [server-side rendering](server_side_rendering), [two kinds of users](two_kinds_of_users),
//! [WebSockets and long streams](streams), [keys and how to change them](keys), [services that only
//! verify](services), [events and metrics](monitoring), [scaling], [migrating from
//! django-cookiejwt](migrating).
//!
//! To judge it: [attacks and what stops them](attacks), [what it costs](speed), [choosing between
//! this and plain sessions](choosing), [side by side with other libraries](side_by_side).
//!
//! Reference: [settings], [routes].

#[doc = "[forward-authentication]: crate::guide::proxies#forward-authentication"]
#[doc = "[fresh-login]: crate::guide::people#fresh-login"]
#[doc = "[links]: crate::guide::links"]
#[doc = include_str!("../docs/guide/acting.md")]
pub mod acting {}

#[doc = "[device_bound]: crate::guide::device_bound"]
#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[known-devices]: crate::guide::people#known-devices"]
#[doc = "[streams]: crate::guide::streams"]
#[doc = include_str!("../docs/guide/attacks.md")]
pub mod attacks {}

#[doc = "[html_forms]: crate::guide::html_forms"]
#[doc = "[proxies]: crate::guide::proxies"]
#[doc = "[refresh]: crate::guide::refresh"]
#[doc = include_str!("../docs/guide/browsers.md")]
pub mod browsers {}

#[doc = "[scaling]: crate::guide::scaling"]
#[doc = "[side_by_side]: crate::guide::side_by_side"]
#[doc = include_str!("../docs/guide/choosing.md")]
pub mod choosing {}

#[doc = "[front_ends]: crate::guide::front_ends"]
#[doc = "[proxies]: crate::guide::proxies"]
#[doc = include_str!("../docs/guide/csrf.md")]
pub mod csrf {}

#[doc = "[front_ends]: crate::guide::front_ends"]
#[doc = "[TokenStore]: crate::TokenStore"]
#[doc = include_str!("../docs/guide/device_bound.md")]
pub mod device_bound {}

#[doc = "[device_bound]: crate::guide::device_bound#links-from-other-sites-front-ends-on-another-origin"]
#[doc = "[mobile]: crate::guide::mobile"]
#[doc = "[never-refresh]: crate::guide::refresh#requests-that-never-refresh"]
#[doc = "[service-workers]: crate::guide::csrf#service-workers"]
#[doc = include_str!("../docs/guide/front_ends.md")]
pub mod front_ends {}

#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[links]: crate::guide::links"]
#[doc = "[next_path]: crate::next_path"]
#[doc = "[routes]: crate::guide::routes#errors"]
#[doc = "[second_factor]: crate::guide::second_factor"]
#[doc = "[two_kinds_of_users]: crate::guide::two_kinds_of_users"]
#[doc = include_str!("../docs/guide/html_forms.md")]
pub mod html_forms {}

#[doc = "[ReadKeys]: crate::ReadKeys"]
#[doc = "[replace_keys]: crate::Authenticator::replace_keys"]
#[doc = "[services]: crate::guide::services"]
#[doc = include_str!("../docs/guide/keys.md")]
pub mod keys {}

#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[new-passwords]: crate::guide::people#rules-for-new-passwords"]
#[doc = "[second_factor]: crate::guide::second_factor"]
#[doc = include_str!("../docs/guide/links.md")]
pub mod links {}

#[doc = include_str!("../docs/guide/migrating.md")]
pub mod migrating {}

#[doc = "[RequestContext]: crate::RequestContext"]
#[doc = include_str!("../docs/guide/mobile.md")]
pub mod mobile {}

#[doc = "[device_bound]: crate::guide::device_bound"]
#[doc = "[Event]: crate::Event"]
#[doc = include_str!("../docs/guide/monitoring.md")]
pub mod monitoring {}

#[doc = "[device_bound]: crate::guide::device_bound"]
#[doc = "[acting]: crate::guide::acting"]
#[doc = "[Argon2id]: crate::Argon2id"]
#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[links]: crate::guide::links"]
#[doc = "[migrating]: crate::guide::migrating"]
#[doc = "[routes]: crate::guide::routes"]
#[doc = "[second_factor]: crate::guide::second_factor"]
#[doc = "[streams]: crate::guide::streams"]
#[doc = "[Throttle]: crate::Throttle"]
#[doc = include_str!("../docs/guide/people.md")]
pub mod people {}

#[doc = "[device_bound]: crate::guide::device_bound"]
#[doc = "[acting]: crate::guide::acting"]
#[doc = "[csrf]: crate::guide::csrf"]
#[doc = include_str!("../docs/guide/proxies.md")]
pub mod proxies {}

#[doc = include_str!("../docs/guide/refresh.md")]
pub mod refresh {}

#[doc = "[device_bound]: crate::guide::device_bound"]
#[doc = "[acting]: crate::guide::acting"]
#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[forward-authentication]: crate::guide::proxies#forward-authentication"]
#[doc = "[fresh-login]: crate::guide::people#fresh-login"]
#[doc = "[html_forms]: crate::guide::html_forms"]
#[doc = "[keys]: crate::guide::keys"]
#[doc = "[known-devices]: crate::guide::people#known-devices"]
#[doc = "[mobile]: crate::guide::mobile"]
#[doc = "[never-refresh]: crate::guide::refresh#requests-that-never-refresh"]
#[doc = "[new-passwords]: crate::guide::people#rules-for-new-passwords"]
#[doc = "[refresh]: crate::guide::refresh"]
#[doc = "[second-factor]: crate::guide::second_factor#log-in-with-two-steps"]
#[doc = "[second_factor]: crate::guide::second_factor"]
#[doc = "[services]: crate::guide::services"]
#[doc = "[settings]: crate::guide::settings"]
#[doc = include_str!("../docs/guide/routes.md")]
pub mod routes {}

#[doc = "[services]: crate::guide::services"]
#[doc = "[streams]: crate::guide::streams"]
#[doc = include_str!("../docs/guide/scaling.md")]
pub mod scaling {}

#[doc = "[fresh-login]: crate::guide::people#fresh-login"]
#[doc = "[stamp]: crate::guide::people#what-ends-every-session"]
#[doc = include_str!("../docs/guide/second_factor.md")]
pub mod second_factor {}

#[doc = "[html_forms]: crate::guide::html_forms"]
#[doc = "[next_path]: crate::next_path"]
#[doc = include_str!("../docs/guide/server_side_rendering.md")]
pub mod server_side_rendering {}

#[doc = "[acting]: crate::guide::acting"]
#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[Event]: crate::Event"]
#[doc = "[keys]: crate::guide::keys"]
#[doc = "[renew_claims]: crate::Authenticator::renew_claims"]
#[doc = "[streams]: crate::guide::streams"]
#[doc = "[two_kinds_of_users]: crate::guide::two_kinds_of_users"]
#[doc = "[Verifier]: crate::Verifier"]
#[doc = include_str!("../docs/guide/services.md")]
pub mod services {}

#[doc = "[device_bound]: crate::guide::device_bound"]
#[doc = "[csrf]: crate::guide::csrf"]
#[doc = "[frameworks-session]: crate::guide::migrating#the-frameworks-session"]
#[doc = "[html_forms]: crate::guide::html_forms"]
#[doc = "[keys]: crate::guide::keys"]
#[doc = "[known-devices]: crate::guide::people#known-devices"]
#[doc = "[mobile]: crate::guide::mobile"]
#[doc = "[proxies]: crate::guide::proxies"]
#[doc = "[two_kinds_of_users]: crate::guide::two_kinds_of_users"]
#[doc = include_str!("../docs/guide/settings.md")]
pub mod settings {}

#[doc = "[choosing]: crate::guide::choosing"]
#[doc = include_str!("../docs/guide/side_by_side.md")]
pub mod side_by_side {}

#[doc = "[scaling]: crate::guide::scaling"]
#[doc = include_str!("../docs/guide/speed.md")]
pub mod speed {}

#[doc = "[acting]: crate::guide::acting"]
#[doc = "[services]: crate::guide::services"]
#[doc = include_str!("../docs/guide/streams.md")]
pub mod streams {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = "[Authenticator]: crate::Authenticator"]
#[doc = include_str!("../docs/guide/two_kinds_of_users.md")]
pub mod two_kinds_of_users {}
