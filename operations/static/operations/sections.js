// Fills the bar of links to the sections of a long page, and marks the one that is being read.
"use strict";

(() => {
    const bar = document.querySelector("nav[data-sections]");
    if (!bar) return;
    const follows = (section) => bar.compareDocumentPosition(section) & Node.DOCUMENT_POSITION_FOLLOWING;
    const sections = [...document.querySelectorAll("section[id][aria-label]")].filter(follows);
    const links = new Map(sections.map((section) => {
        const link = document.createElement("a");
        link.href = `#${section.id}`;
        link.textContent = section.getAttribute("aria-label");
        return [section, link];
    }));
    bar.replaceChildren(...links.values());

    const seen = new Set();
    const observer = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
            if (isIntersecting) seen.add(target);
            else seen.delete(target);
        }
        const current = sections.find((section) => seen.has(section));
        for (const [section, link] of links) {
            if (section === current) link.setAttribute("aria-current", "location");
            else link.removeAttribute("aria-current");
        }
    }, { rootMargin: "-120px 0px -40% 0px" });
    sections.forEach((section) => observer.observe(section));
})();
