// The script editor: a plain text area, with its cues coloured on a copy of the text behind it, and cue buttons.
import { useEffect, useId, useRef, useState } from "react";

const CUE = /\\?\[[^\][\n]*\]/gu;
const WRITING_MS = 250;

function coloured(text, names) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(CUE)) {
    if (found[0].startsWith("\\")) continue;
    const word = found[0].slice(1, -1).split(/[:\s]/u)[0].toLowerCase();
    const emotion = word === "pause" ? "pause" : names[word];
    parts.push(text.slice(from, found.index));
    parts.push(
      <mark key={found.index} className="cue" data-emotion={emotion ?? "unknown"}>
        {found[0]}
      </mark>,
    );
    from = found.index + found[0].length;
  }
  // A last empty line has height only if something stands on it.
  parts.push(text.slice(from) + "\u200b");
  return parts;
}

export function ScriptEditor({ value, emotions, words, lang, max, invalid, onWrite, onSubmit }) {
  const [text, setText] = useState(value ?? "");
  const area = useRef(null);
  const timer = useRef(0);
  const sent = useRef(value ?? "");
  const id = useId();

  // What the server says is taken over unless something newer is being written here.
  useEffect(() => {
    if ((value ?? "") !== sent.current) {
      sent.current = value ?? "";
      setText(value ?? "");
    }
  }, [value]);

  const send = (next) => {
    clearTimeout(timer.current);
    if (next !== sent.current) {
      sent.current = next;
      onWrite(next);
    }
  };
  const write = (next) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next), WRITING_MS);
  };
  const insert = (cue) => {
    const box = area.current;
    const [a, b] = [box.selectionStart, box.selectionEnd];
    const before = a > 0 && !/\s/u.test(text[a - 1]) ? " " : "";
    const after = b < text.length && /\s/u.test(text[b]) ? "" : " ";
    const put = `${before}[${cue}]${after}`;
    box.focus();
    // Through the browser's own editing, so that undo knows it.
    if (!document.execCommand("insertText", false, put)) {
      const next = text.slice(0, a) + put + text.slice(b);
      write(next);
      requestAnimationFrame(() => box.setSelectionRange(a + put.length, a + put.length));
    }
  };

  const names = {};
  for (const one of emotions ?? []) for (const name of one.names) names[name] = one.name;
  const count = [...text].length;
  return (
    <div className="editor" data-invalid={invalid || undefined}>
      <label className="visually-hidden" htmlFor={id}>{words.script}</label>
      <div className="paper">
        <div className="ink" aria-hidden="true">{coloured(text, names)}</div>
        <textarea
          ref={area}
          id={id}
          className="words"
          value={text}
          placeholder={words.script_hint}
          spellCheck="true"
          aria-describedby={`${id}-count`}
          aria-invalid={invalid || undefined}
          onChange={(event) => write(event.target.value)}
          onBlur={(event) => send(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              send(text);
              onSubmit();
            }
          }}
        />
      </div>
      <div className="cues" role="group" aria-label={words.feelings}>
        {(emotions ?? []).map((one) => (
          <button
            key={one.name}
            type="button"
            className="chip"
            data-emotion={one.name}
            aria-label={`${words.insert}: ${one.label}`}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => insert(one.cue)}
          >
            {one.label}
          </button>
        ))}
        <button
          type="button"
          className="chip"
          data-emotion="pause"
          aria-label={`${words.insert}: ${words.pause}`}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => insert("pause:0.5")}
        >
          {words.pause}
        </button>
        <span className="count" id={`${id}-count`} data-over={max && count > max ? true : undefined}>
          {count.toLocaleString(lang || "en")}{max ? ` / ${max.toLocaleString(lang || "en")}` : ""}
          <span className="visually-hidden"> {words.characters}</span>
        </span>
      </div>
    </div>
  );
}
