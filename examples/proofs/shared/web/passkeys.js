// Each button with `data-passkey` runs one ceremony: the server sends a challenge, the browser asks its
// user, the server checks the answer.
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail ?? "This did not work.");
  return json;
};

const run = async (purpose, next) => {
  const { publicKey } = await post(`/passkeys/${purpose}`, { next });
  const credential = purpose === "new-passkey"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  const path = purpose === "new-passkey" ? "/new-passkey" : `/passkeys/${purpose}/answer`;
  const done = await post(path, credential.toJSON());
  location.assign(next === "/" ? done.next : next);
};

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.addEventListener("click", async () => {
    const message = button.parentElement.nextElementSibling;
    message.hidden = true;
    try {
      await run(button.dataset.passkey, button.dataset.next);
    } catch (error) {
      message.textContent = error.message;
      message.hidden = false;
    }
  });
}
