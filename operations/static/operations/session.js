// Tells in time that the session will end, keeps it while somebody types, and gives back what was typed into a form
// that was sent, or stood open, when it had ended. What is kept is kept by the browser, for this tab and this user.
"use strict";

(() => {
    const KEPT = "plusdesk-draft";
    const KEPT_FOR = 60 * 60 * 1000;
    const WARN_BEFORE = 120;
    const TYPING_PAUSE = 4 * 60 * 1000;
    const FIELDS = ["textarea", "select", "input:not([type=hidden], [type=password], [type=file], [type=submit])"].join();

    let heardAt = Date.now();

    const box = () => document.getElementById("session-ends");

    // --- what was typed

    function formFields() {
        const forms = [...document.querySelectorAll("form[method=post]")];
        const ours = forms.filter((form) => form.getAttribute("role") !== "search" && !("unkept" in form.dataset));
        return ours.flatMap((form) => [...form.querySelectorAll(FIELDS)]).filter((field) => field.name);
    }

    const chosen = (field) => [...field.selectedOptions].map((option) => option.value);
    const valueOf = (field) => (field.multiple ? chosen(field) : field.value);
    const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

    function keep(isEnded) {
        const stateOf = (field) => [field.name, valueOf(field), isTicked(field) ? field.checked : null];
        const fields = formFields().map(stateOf);
        const draft = { user: box().dataset.user, path: window.location.pathname, at: Date.now(), isEnded, fields };
        window.sessionStorage.setItem(KEPT, JSON.stringify(draft));
    }

    function giveBack(draft) {
        const left = formFields();
        for (const [name, value, ticked] of draft.fields) {
            const at = left.findIndex((field) => field.name === name && (ticked === null || field.value === value));
            if (at < 0) {
                continue;
            }
            const [field] = left.splice(at, 1);
            if (ticked !== null) {
                field.checked = ticked;
            } else if (field.multiple) {
                for (const option of field.options) {
                    option.selected = value.includes(option.value);
                }
            } else {
                field.value = value;
            }
            field.dispatchEvent(new Event("change", { bubbles: true }));
        }
        document.getElementById("session-given-back").hidden = false;
    }

    function lookAtDraft() {
        const draft = JSON.parse(window.sessionStorage.getItem(KEPT) || "null");
        if (!draft) {
            return;
        }
        if (!box()) {
            // The page of sign-in: it says whether a session had ended.
            if (document.querySelector("[data-session-ended]")) {
                window.sessionStorage.setItem(KEPT, JSON.stringify({ ...draft, isEnded: true }));
            }
            return;
        }
        const isTheirs = draft.user === box().dataset.user && Date.now() - draft.at < KEPT_FOR;
        if (isTheirs && draft.isEnded && draft.path !== window.location.pathname) {
            return;
        }
        window.sessionStorage.removeItem(KEPT);
        if (isTheirs && draft.isEnded) {
            giveBack(draft);
        }
    }

    // --- how long it lasts

    async function ask(method) {
        const token = box().querySelector("[name=csrfmiddlewaretoken]").value;
        const asked = { method, credentials: "same-origin", headers: { "X-CSRFToken": token } };
        const answer = await fetch(box().dataset.url, asked);
        heardAt = Date.now();
        return answer.redirected || !answer.ok ? { idle: 0, hours: 0 } : answer.json();
    }

    function wait(left) {
        const seconds = Math.min(left.idle, left.hours);
        if (seconds <= 0) {
            keep(true);
            window.location.reload();
            return;
        }
        box().hidden = seconds > WARN_BEFORE;
        box().querySelector("[data-idle-words]").hidden = left.hours <= left.idle;
        box().querySelector("[data-hours-words]").hidden = left.hours > left.idle;
        // Another tab may have gone on meanwhile, so the server is asked before anything is said.
        window.setTimeout(look, (seconds > WARN_BEFORE ? seconds - WARN_BEFORE : Math.min(seconds, 15)) * 1000 + 500);
    }

    async function look() {
        try {
            wait(await ask("GET"));
        } catch {
            window.setTimeout(look, 30000);
        }
    }

    async function stay() {
        try {
            const left = await ask("POST");
            box().hidden = Math.min(left.idle, left.hours) > WARN_BEFORE;
        } catch {
            // Asked again by the next look.
        }
    }

    function onTyping() {
        if (Date.now() - heardAt > TYPING_PAUSE) {
            heardAt = Date.now();
            stay();
        }
    }

    document.addEventListener("DOMContentLoaded", () => {
        lookAtDraft();
        if (!box()) {
            return;
        }
        document.addEventListener("submit", (event) => event.target.method === "post" && keep(false), true);
        document.addEventListener("input", onTyping);
        box().querySelector("[data-stay]").addEventListener("click", stay);
        wait({ idle: Number(box().dataset.idle), hours: Number(box().dataset.hours) });
    });
})();
