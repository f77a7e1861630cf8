//! Which new passwords are accepted: the trait of a policy, and what it sees.

use std::{any::Any, fmt, future::Future, sync::Arc};

use cookiejwt_core::Subject;
use zeroize::Zeroizing;

use super::{part::Passwords, typed::TypedPassword};
use crate::{
    errors::{PasswordRefusal, StoreError},
    runtime::within_limit,
    stores::{AuthUser, BoxFuture},
};

/// A new password, and whose it would be.
#[derive(Clone)]
pub struct NewPassword {
    password: Arc<Zeroizing<String>>,
    owner: Owner,
}

impl NewPassword {
    /// The password in NFC, as it is hashed: 8 characters at least, 1024 bytes at most.
    pub fn as_str(&self) -> &str {
        &self.password
    }

    /// The user; `None` when there is none yet, at sign-up.
    pub fn subject(&self) -> Option<&Subject> {
        self.owner.subject.as_ref()
    }

    /// What the user is called: [`AuthUser::names`], or what
    /// [`hash_password_for`](crate::Authenticator::hash_password_for) was given.
    pub fn names(&self) -> &[String] {
        &self.owner.names
    }

    /// The user as the [`UserStore`](crate::UserStore) found them. `None` at sign-up, and for any
    /// other type than [`UserStore::User`](crate::UserStore::User).
    pub fn user<U: AuthUser>(&self) -> Option<&U> {
        self.owner.user.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPassword").field("subject", &self.owner.subject).finish_non_exhaustive()
    }
}

/// Decides whether a new password is accepted: at `POST password/`, `change_password`,
/// `set_password` and `hash_password`, after its length was checked, and after the present password
/// or the link was.
///
/// Give it to [`password_policy`](crate::AuthenticatorBuilder::password_policy). A closure that
/// returns a future is a policy. OWASP ASVS 5.0 6.2.4 and NIST SP 800-63B-4 §3.1.1.2 require a
/// comparison with passwords that are common or known to be compromised, and advise against rules
/// of composition.
///
/// ```
/// use cookiejwt_store::{AuthenticatorBuilder, NewPassword, PasswordRefusal};
///
/// fn without_the_name(builder: AuthenticatorBuilder) -> AuthenticatorBuilder {
///     builder.password_policy(|new: NewPassword| async move {
///         let is_name = |name: &String| name.eq_ignore_ascii_case(new.as_str());
///         if new.names().iter().any(is_name) { Err(PasswordRefusal::rule("name")) } else { Ok(()) }
///     })
/// }
/// # let _ = without_the_name;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a password policy",
    note = "a closure is one: `|new: NewPassword| async move {{ … }}` with a future that is `Send` and returns \
            `Result<(), PasswordRefusal>`"
)]
pub trait PasswordPolicy: Send + Sync + 'static {
    /// `Ok` accepts it. A policy that takes longer than 10 seconds counts as
    /// [undecided](PasswordRefusal::Undecided).
    fn check(&self, new: NewPassword) -> impl Future<Output = Result<(), PasswordRefusal>> + Send;
}

impl<F, D> PasswordPolicy for F
where
    F: Fn(NewPassword) -> D + Send + Sync + 'static,
    D: Future<Output = Result<(), PasswordRefusal>> + Send,
{
    fn check(&self, new: NewPassword) -> impl Future<Output = Result<(), PasswordRefusal>> + Send {
        self(new)
    }
}

/// [`PasswordPolicy`] behind a pointer.
trait DynPasswordPolicy: Send + Sync {
    fn check(&self, new: NewPassword) -> BoxFuture<'_, Result<(), PasswordRefusal>>;
}

impl<P: PasswordPolicy> DynPasswordPolicy for P {
    fn check(&self, new: NewPassword) -> BoxFuture<'_, Result<(), PasswordRefusal>> {
        Box::pin(PasswordPolicy::check(self, new))
    }
}

/// All policies, in the order in which they are asked.
#[derive(Default)]
pub(crate) struct Policies(Vec<Box<dyn DynPasswordPolicy>>);

impl Policies {
    pub(crate) fn with(mut self, policy: impl PasswordPolicy) -> Self {
        self.0.push(Box::new(policy));
        self
    }

    /// The first refusal counts.
    async fn check(&self, new: NewPassword) -> Result<(), PasswordRefusal> {
        for policy in &self.0 {
            let asked = async { Ok(policy.check(new.clone()).await) };
            let answer = within_limit("the password policy gives no answer", asked).await;
            answer.map_err(PasswordRefusal::Undecided)??;
        }
        Ok(())
    }
}

/// Whose password it would be.
#[derive(Clone, Default)]
pub(crate) struct Owner {
    pub(crate) subject: Option<Subject>,
    pub(crate) names: Vec<String>,
    pub(crate) user: Option<Arc<dyn Any + Send + Sync>>,
}

impl Owner {
    /// Of whom no more is known than what they are called.
    pub(crate) fn named(names: &[&str]) -> Self {
        Self { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Self::default() }
    }
}

impl Passwords {
    /// Asks every policy.
    pub(crate) async fn accept(&self, new: &TypedPassword, owner: Owner) -> Result<(), PasswordRefusal> {
        let password = Arc::new(Zeroizing::new(new.as_str().to_owned()));
        let answer = self.0.policies.check(NewPassword { password, owner }).await;
        if let Err(PasswordRefusal::Undecided(error)) = &answer {
            self.report_undecided(error);
        }
        answer
    }

    fn report_undecided(&self, error: &StoreError) {
        self.0.events.store_failed("password_policy", error);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a user who is called so.
    #[allow(dead_code, reason = "without the feature `zxcvbn` one test uses it")]
    pub(crate) fn new(password: &str, names: &[&str]) -> NewPassword {
        let password = Arc::new(Zeroizing::new(password.to_owned()));
        NewPassword { password, owner: Owner::named(names) }
    }

    #[test]
    fn debug_shows_neither_the_password_nor_the_names() {
        let shown = format!("{:?}", new("correct horse", &["alice"]));
        assert!(!shown.contains("horse") && !shown.contains("alice"), "{shown}");
    }

    #[tokio::test]
    async fn the_first_refusal_counts_and_nobody_is_asked_after_it() {
        let rule = |code| move |_: NewPassword| async move { Err(PasswordRefusal::rule(code)) };
        let accept = |_: NewPassword| async { Ok(()) };
        let unasked = |_: NewPassword| async { panic!("it is asked") };
        let policies = Policies::default().with(accept).with(rule("first")).with(unasked);
        assert!(matches!(policies.check(new("x", &[])).await, Err(PasswordRefusal::Rule("first"))));
        assert!(Policies::default().check(new("x", &[])).await.is_ok(), "without any");
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_that_fails_has_not_decided() {
        let silent = |_: NewPassword| async { std::future::pending().await };
        let panics = |_: NewPassword| async { panic!("a bug") };
        let fails = |_: NewPassword| async { Err(PasswordRefusal::undecided("no route to host")) };
        for (rule, policies) in [
            ("silent", Policies::default().with(silent)),
            ("panics", Policies::default().with(panics)),
            ("fails", Policies::default().with(fails)),
        ] {
            let answer = policies.check(new("x", &[])).await;
            assert!(matches!(answer, Err(PasswordRefusal::Undecided(_))), "{rule}: {answer:?}");
        }
    }
}
