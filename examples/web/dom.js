// Helpers that the other files share.

export const $ = (id) => document.getElementById(id);

export function element(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

/** Shows a message in the status line, which screen readers announce; in the dialog while that is open. */
export function say(text, kind = "plain") {
  const line = $($("confirm").open ? "confirm-status" : "status");
  line.dataset.kind = kind;
  line.textContent = text;
}

/** Runs `work` on an event, and ignores further ones until it is done (a disabled button would lose the focus). */
export function on(target, type, work) {
  target.addEventListener(type, async (event) => {
    event.preventDefault();
    if ("busy" in target.dataset) return;
    target.dataset.busy = "";
    try {
      await work(target);
    } finally {
      delete target.dataset.busy;
    }
  });
}

/** Counts down on the button of a form that the server throttled; the button is disabled meanwhile. */
export async function wait(form, seconds) {
  const button = form.querySelector("button:not([type])");
  const name = button.textContent;
  button.setAttribute("aria-disabled", "true");
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    button.textContent = `${name} (in ${Math.ceil((end - Date.now()) / 1000)} s)`;
    await new Promise((done) => setTimeout(done, 250));
  }
  button.textContent = name;
  button.removeAttribute("aria-disabled");
}
