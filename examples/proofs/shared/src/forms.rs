//! What the pages send, and the page that comes back when it is refused.

use cookiejwt_store::LoginError;
use serde::Deserialize;

use crate::{
    User, View, pages,
    view::{query, sentence},
};

/// `next` in the query of a page.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Next {
    /// Where the user wanted to go.
    pub next: Option<String>,
}

/// The query of the page that asks for a further proof; the guard has written it.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "rocket", derive(rocket::FromForm))]
pub struct Confirm {
    /// Where the user wanted to go.
    pub next: Option<String>,
    /// The methods of which one is enough, separated by spaces.
    pub require: Option<String>,
}

/// The token in the address of a mailed link.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Said {
    /// The token.
    #[serde(default)]
    pub token: String,
}

/// The callback of the identity provider.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Answer {
    /// Absent if the user has refused.
    pub code: Option<String>,
    /// The id of the pending login.
    #[serde(default)]
    pub state: String,
}

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[cfg_attr(feature = "rocket", derive(rocket::FromForm))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    )*};
}

forms! {
    /// Name and password.
    LoginForm {
        /// The login name.
        name: String,
        /// The password.
        password: String,
        /// A box that is not checked is not sent.
        remember: Option<String>,
        /// Where the user wanted to go.
        next: Option<String>,
    }
    /// A one-time code, or a recovery code.
    CodeForm {
        /// As the user types it.
        code: String,
        /// Where the user wanted to go.
        next: Option<String>,
    }
    /// The password of a user who is logged in.
    PasswordForm {
        /// The password.
        password: String,
        /// Where the user wanted to go.
        next: Option<String>,
    }
    /// A new password, with the present one.
    NewPasswordForm {
        /// The present password.
        current: String,
        /// The new one.
        new: String,
    }
    /// Where a link is to be mailed to.
    AddressForm {
        /// The address.
        address: String,
    }
    /// The button on the page of a mailed link.
    LinkForm {
        /// The token of the link.
        token: String,
    }
    /// A new password, with the token of a mailed link.
    ResetForm {
        /// The token of the link.
        token: String,
        /// Whose password it is, for the page.
        name: String,
        /// The new password.
        new: String,
    }
    /// What a transfer would need.
    TransferForm {
        /// Who receives it.
        to: String,
        /// How much.
        amount: u32,
    }
    /// A user, for the administrator.
    UserForm {
        /// Their id.
        user: i64,
    }
}

impl LoginForm {
    /// The page again, with a sentence; or the page for the second factor.
    pub fn again(&self, error: &LoginError) -> View {
        if let LoginError::SecondFactorRequired(_) = error {
            return View::Redirect(format!("/login/code{}", query(self.next.as_deref())));
        }
        View::page(status(error), pages::login(self.next.as_deref(), &self.name, Some(&sentence(error))))
    }

    /// Whether the box is checked.
    pub fn remembers(&self) -> bool {
        self.remember.is_some()
    }
}

impl CodeForm {
    /// The page again, with a sentence.
    pub fn again(&self, error: &LoginError) -> View {
        if let LoginError::PendingEnded = error {
            return View::refused(error);
        }
        View::page(status(error), pages::code(self.next.as_deref(), Some(&sentence(error))))
    }
}

impl NewPasswordForm {
    /// The page again, with a sentence.
    pub fn again(&self, error: &LoginError) -> View {
        View::page(status(error), pages::new_password(Some(&sentence(error))))
    }
}

impl ResetForm {
    /// The page again, with a sentence, if the link still opens.
    pub fn again(&self, error: &LoginError) -> View {
        if let LoginError::LinkEnded = error {
            return View::refused(error);
        }
        View::page(status(error), pages::reset(&self.token, &self.name, Some(&sentence(error))))
    }
}

impl Confirm {
    /// What this user can do to meet the requirement.
    pub fn page(&self, user: &User) -> View {
        View::page(200, pages::confirm(self, user))
    }
}

fn status(error: &LoginError) -> u16 {
    error.problem().status().as_u16()
}
