// What opens at a character of sheet.js: candidates to choose from and a field to type another. Put before it.
const LONGEST = 40; // as hcr_core.reading_corrections.MAX_LENGTH

const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

function cleaned(text) {
  const spaced = text.trim().replace(/\s+/gu, " ").replace(/\p{C}/gu, "");
  return [...spaced].slice(0, LONGEST).join("");
}

// Something that floats, below an element or else above it, within the window.
function beside(floating, element) {
  const at = element.getBoundingClientRect();
  const below = at.bottom + 6 + floating.offsetHeight < window.innerHeight;
  const right = document.documentElement.clientWidth - floating.offsetWidth - 8;
  floating.style.top = `${Math.max(4, below ? at.bottom + 6 : at.top - 20 - floating.offsetHeight)}px`;
  floating.style.left = `${Math.max(4, Math.min(at.left, right))}px`;
}

// apply(i, label) is called with a label, "" for no character, or null for what was read.
function createEditor(root, apply) {
  const [editor, input, cut, choices, note, undo] = [".editor", ".editor input", ".cut", ".choices", ".note", ".undo"].map(
    (selector) => root.querySelector(selector),
  );
  let edited = -1;
  let anchor = null;

  // The picture around the character, as large as there is room for.
  function cutOut({ picture, width }, [x, y, w, h]) {
    const scale = Math.min(200 / (1.6 * w), 72 / (1.25 * h), 4);
    const [left, top] = [cut.clientWidth / 2 - (x + w / 2) * scale, cut.clientHeight / 2 - (y + h / 2) * scale];
    cut.style.background = `url("${picture}") ${left}px ${top}px / ${width * scale}px auto no-repeat #fff`;
    cut.style.setProperty("--w", `${w * scale + 8}px`);
    cut.style.setProperty("--h", `${h * scale + 8}px`);
  }

  function choiceOf([label, percent], chosen) {
    const choice = make("button", "choice");
    choice.type = "button";
    choice.setAttribute("aria-pressed", label === chosen);
    choice.append(make("b", "", label), make("span", "", percent));
    choice.onclick = () => apply(edited, label);
    return choice;
  }

  function close() {
    const within = editor.matches(":focus-within");
    editor.hidePopover();
    if (within) anchor.focus(); // else the next Tab would begin at the top of the page
  }

  const follow = () => beside(editor, anchor);
  editor.ontoggle = ({ newState }) => {
    document[newState === "open" ? "addEventListener" : "removeEventListener"]("scroll", follow, true);
  };
  editor.onkeydown = (event) => {
    event.stopPropagation(); // the app has shortcuts of its own
    if (event.key === "Escape") {
      event.preventDefault();
      return close();
    }
    const typed = [...event.key].length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!typed || event.target === input) return;
    input.focus(); // where the letter then goes
    input.select();
  };
  editor.onsubmit = (event) => {
    event.preventDefault();
    const typed = cleaned(input.value);
    if (typed) apply(edited, typed);
    else close();
  };
  root.querySelector(".remove").onclick = () => apply(edited, "");
  undo.onclick = () => apply(edited, null);

  return {
    isOpen: () => editor.matches(":popover-open"),
    close,
    // byKey: whoever came by keyboard goes on at the candidate that is chosen so far.
    open(i, data, label, element, byKey) {
      const character = data.characters[i];
      [edited, anchor] = [i, element];
      choices.replaceChildren(...character.candidates.map((one) => choiceOf(one, label ?? character.label)));
      note.textContent = character.alike;
      input.value = label ?? "";
      undo.hidden = label === undefined;
      editor.showPopover();
      cutOut(data, character.box);
      follow();
      if (byKey) (choices.querySelector('[aria-pressed="true"]') ?? choices.firstChild ?? input).focus();
      // On a phone the keyboard would cover the candidates.
      else if (window.matchMedia("(pointer: fine)").matches) input.focus();
    },
  };
}

async function copy(words, element) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // Over plain HTTP from another machine there is no clipboard; the older way needs a selection.
    const area = Object.assign(make("textarea", ""), { value: words });
    element.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
