// Forms of the desk: sent once however often the button is pressed, files dropped on them, the columns of the
// chosen kind of import, the fields that fit a choice. Every form works without this script too.
"use strict";

(() => {
    function sendOnce(event) {
        const form = event.target;
        if (form.method !== "post") {
            return;
        }
        if (form.dataset.isSent) {
            event.preventDefault();
            return;
        }
        form.dataset.isSent = "yes";
        for (const button of form.querySelectorAll("button[type=submit]")) {
            const words = form.dataset.sending;
            // After this event, or the browser would leave the pressed button out of what it sends.
            window.setTimeout(() => {
                button.disabled = true;
                button.textContent = words || button.textContent;
            });
        }
    }

    // A page taken back from the browser's memory has its buttons disabled still.
    function allowAgain(event) {
        if (event.persisted) {
            window.location.reload();
        }
    }

    function nameFile(zone) {
        const input = zone.querySelector("input[type=file]");
        const name = zone.querySelector("[data-file-name]");
        if (input.files.length) {
            name.textContent = input.files[0].name;
        }
    }

    function acceptDrops(zone) {
        const input = zone.querySelector("input[type=file]");
        const over = (isOver) => (event) => {
            event.preventDefault();
            zone.classList.toggle("is-over", isOver);
        };
        zone.addEventListener("dragover", over(true));
        zone.addEventListener("dragleave", over(false));
        zone.addEventListener("drop", (event) => {
            over(false)(event);
            if (event.dataTransfer.files.length) {
                input.files = event.dataTransfer.files;
                nameFile(zone);
            }
        });
        input.addEventListener("change", () => nameFile(zone));
        nameFile(zone);
    }

    function showColumns(select) {
        for (const section of document.querySelectorAll("[data-importer]")) {
            section.hidden = section.dataset.importer !== select.value;
        }
    }

    // A field with data-shown-with="other: a b" stands only while the other one is a or b; what it held is not sent.
    function showFitting(form) {
        for (const field of form.querySelectorAll("[data-shown-with]")) {
            const [name, values] = field.dataset.shownWith.split(": ");
            const isFitting = values.split(" ").includes(form.elements[name].value);
            field.closest(".group").hidden = !isFitting;
            field.disabled = !isFitting;
        }
    }

    function followChoices(form) {
        form.addEventListener("change", () => showFitting(form));
        showFitting(form);
    }

    document.addEventListener("submit", sendOnce);
    window.addEventListener("pageshow", allowAgain);
    document.addEventListener("DOMContentLoaded", () => {
        document.querySelectorAll("[data-drop]").forEach(acceptDrops);
        document.querySelectorAll("form:has([data-shown-with])").forEach(followChoices);
        const select = document.querySelector("select[name=importer]");
        if (select) {
            select.addEventListener("change", () => showColumns(select));
            showColumns(select);
        }
    });
})();
