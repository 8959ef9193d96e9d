// Paper cannot be unfolded: open what is folded before the page is printed.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not(.room, .above-input)")) fold.open = true;
  for (const fold of document.querySelectorAll(".toggle-hidden"))
    fold.classList.remove("toggle-hidden");
});
