// Some of the frame's controls are links without an address or plain boxes, which only a pointer reaches: the choice of
// a theme, the menu at the end of a row. Here they become buttons, for the keyboard and for who listens (WCAG 2.1.1).
"use strict";

(() => {
    const CONTROLS = "[x-on\\:click]:not(td, tr, template)";
    const REACHED = "a[href], button, input, select, textarea, label, summary, [tabindex]";
    const PICTURE = ".material-symbols-outlined";

    // Without pictures, which are written by their names.
    function words(element) {
        if (element.matches(PICTURE)) return "";
        const copy = element.cloneNode(true);
        copy.querySelectorAll(PICTURE).forEach((picture) => picture.remove());
        return copy.textContent.replace(/\s+/g, " ").trim();
    }

    function reach(control) {
        // What holds a control only passes its clicks on, and what says nothing is the ground behind an open box.
        if (control.matches(REACHED) || control.querySelector(REACHED) || !control.textContent.trim()) return;
        control.tabIndex = 0;
        control.setAttribute("role", "button");
        control.dataset.reached = "";
        for (const picture of control.querySelectorAll(PICTURE)) picture.ariaHidden = "true";
        if (words(control) || control.hasAttribute("aria-label")) return;
        // A picture alone is named by its column, else by what it opens beside it.
        const named = control.closest("[data-label]");
        control.setAttribute("aria-label", named ? named.dataset.label : words(control.parentElement));
    }

    function reachAll(element) {
        if (element.matches(CONTROLS)) reach(element);
        element.querySelectorAll(CONTROLS).forEach(reach);
    }

    document.addEventListener("keydown", (event) => {
        if ((event.key === "Enter" || event.key === " ") && event.target.matches("[data-reached]")) {
            event.preventDefault();
            event.target.click();
        }
    });

    document.addEventListener("DOMContentLoaded", () => {
        reachAll(document.body);
        // Boxes that come into being when they are opened, and parts of pages that are fetched.
        new MutationObserver((changes) => {
            for (const change of changes) {
                for (const added of change.addedNodes) if (added instanceof Element) reachAll(added);
            }
        }).observe(document.body, { childList: true, subtree: true });
    });
})();
