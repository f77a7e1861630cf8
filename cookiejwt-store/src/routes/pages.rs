//! The application's own pages, to which the forms of a browser are led.

use cookiejwt_core::next_path;

/// The pages of an application whose forms post to the built-in routes.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    /// Where a user logs in.
    pub(crate) login: String,
    /// Where a user proves a second factor.
    pub(crate) second_factor: Option<String>,
    /// Where a user goes who did not want to go anywhere else.
    pub(crate) after_login: String,
}

/// Whether it is a path of the application itself, to which a query can be added.
pub(crate) fn is_page(page: &str) -> bool {
    next_path(page).is_some() && !page.contains('#')
}
