//! What the handlers of logins of several steps share: their forms, and the check of a code.

use cookiejwt_store::{Checked, Facts, Identity, PendingOptions, Proven, StoreError};

use crate::{User, World};

/// A field of a form; empty if it is missing.
pub fn field(form: &str, name: &str) -> String {
    let mut fields = form_urlencoded::parse(form.as_bytes());
    fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The code 123456 is right, and counts once for its `step`. With the code `away`, the keys of the
/// users cannot be read. With the field `user` it is the code of that user.
pub fn check_code(world: &World, form: &str) -> Result<Option<Checked<User>>, StoreError> {
    let checked = match field(form, "user").as_str() {
        "" => Checked::right(),
        user => Checked::user(&world.users.by_name(user)),
    };
    match field(form, "code").as_str() {
        "123456" => Ok(Some(checked.once(field(form, "step")))),
        "away" => Err(StoreError::new("the keys are away")),
        _ => Ok(None),
    }
}

/// What the identity provider says: it is bob.
pub fn check_state(world: &World) -> Result<Option<Checked<User>>, StoreError> {
    Ok(Some(Checked::user(&world.users.by_name("bob"))))
}

/// A journey to the identity provider; with the field `form_post` it answers by a form.
pub fn journey(form: &str) -> PendingOptions {
    let options = PendingOptions::new("oauth:test").next("/notes");
    if field(form, "form_post").is_empty() { options } else { options.cross_site() }
}

/// The next proof of a user who is logged in. With the field `user` the proof says whose it is.
pub fn stepping_up(world: &World, who: &Identity, form: &str) -> PendingOptions {
    let options = PendingOptions::new("step-up").beside(who);
    let id = who.subject().as_str().parse();
    match world.users.by_id(id.expect("ids are numbers")) {
        Some(user) if field(form, "user").is_empty() => options.user(&user),
        _ => options,
    }
}

/// Where the user goes after the last step.
pub fn next_of(proven: &Proven<User>) -> String {
    proven.next().unwrap_or("/").to_owned()
}

/// Another tenant.
pub fn umbrella() -> Facts {
    Facts::new().with("tenant", &"umbrella").expect("not reserved, and a string")
}

/// What the session says of its proofs, its tenant and who acts in it: `pwd otp`, `pwd at
/// umbrella`, `acted by 2`.
pub fn proved(who: &Identity) -> String {
    let mut words: Vec<_> = who.methods().map(|method| method.to_string()).collect();
    if let Ok(tenant) = who.fact::<String>("tenant") {
        words.extend(["at".to_owned(), tenant]);
    }
    if let Some(actor) = who.actor() {
        words.push(format!("acted by {}", actor.subject()));
    }
    words.join(" ")
}
