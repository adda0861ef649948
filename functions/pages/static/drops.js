/** Files that are dragged onto the page; nothing that can be done so cannot be done otherwise. */

/** `isOffered()`: are files taken here at all; `may()`: now; `add(files)` gets them. None is opened in the page's stead. */
export function acceptDrops(place, { isOffered, may, add }) {
  const shows = (is) => place.classList.toggle("dropping", is);
  place.addEventListener("dragover", (event) => {
    if (!isOffered() || !bringsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = may() ? "copy" : "none";
    shows(may());
  });
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget)) shows(false);
  });
  place.addEventListener("drop", (event) => {
    shows(false);
    if (!isOffered() || !bringsFiles(event)) return;
    event.preventDefault();
    if (may()) add([...event.dataTransfer.files]);
  });
}

function bringsFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}
