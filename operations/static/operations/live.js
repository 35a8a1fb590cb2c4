// Keeps a page that shows work in progress current, without loading it anew.
//
// The element with data-live names an address that answers with the progress as JSON. While data-version is what
// it was, only the bar and its words are filled in; when it differs, the element's new content is fetched.
// Without this script the page shows the same whenever it is loaded.
"use strict";

(() => {
    const SOONEST = 500;
    const LATEST = 5000;
    const LATEST_WHEN_LOST = 30000;

    let pause = SOONEST;
    let lastDone = -1;

    const live = () => document.querySelector("[data-live]");

    function fill(element, progress) {
        const bar = element.querySelector("progress");
        if (bar && progress.total) {
            bar.max = progress.total;
            bar.value = progress.done;
        }
        for (const part of element.querySelectorAll("[data-part]")) {
            part.textContent = progress[part.dataset.part] ?? "";
        }
    }

    async function renew(element) {
        const answer = await fetch(window.location.href, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(element.id);
        // Charts are drawn when a page is loaded.
        if (!answer.ok || !fresh || fresh.querySelector("canvas")) {
            window.location.reload();
            return;
        }
        element.replaceWith(document.adoptNode(fresh));
        document.title = page.title;
    }

    function showLost(element, isLost) {
        for (const note of element.querySelectorAll("[data-lost]")) {
            note.hidden = !isLost;
        }
    }

    async function look() {
        const element = live();
        if (!element) {
            return;
        }
        try {
            const answer = await fetch(element.dataset.live, { credentials: "same-origin" });
            // Signed out, or no longer allowed: the page itself says so.
            if (answer.redirected || answer.status === 403 || answer.status === 404) {
                window.location.reload();
                return;
            }
            if (!answer.ok) {
                throw new Error(String(answer.status));
            }
            const progress = await answer.json();
            showLost(element, false);
            fill(element, progress);
            if (progress.version !== element.dataset.version) {
                await renew(element);
            }
            pause = progress.done === lastDone ? Math.min(pause * 1.5, LATEST) : SOONEST;
            lastDone = progress.done;
        } catch {
            showLost(element, true);
            pause = Math.min(pause * 2, LATEST_WHEN_LOST);
        }
        later();
    }

    function later() {
        if (live()) {
            window.setTimeout(look, pause);
        }
    }

    document.addEventListener("DOMContentLoaded", later);
})();
