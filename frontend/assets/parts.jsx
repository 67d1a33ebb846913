// Small parts: a slider, a voice's sample, a clock that ticks, a link that was copied, light and dark, and what every page
// does.
import { useContext, useEffect, useId, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { ColorModeContext } from "$/utils/context";
import "@fontsource-variable/manrope";
import "@fontsource-variable/source-serif-4";

export function Slider({ label, value, min, max, step, percent, onCommit }) {
  const [shown, setShown] = useState(value);
  const timer = useRef(0);
  const id = useId();
  useEffect(() => setShown(value), [value]);
  const told = percent ? `${Math.round(shown * 100)} %` : String(shown);
  return (
    <div className="slider">
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id}>{told}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={shown}
        aria-valuetext={told}
        style={{ "--filled": `${((shown - min) / (max - min)) * 100}%` }}
        onChange={(event) => {
          const next = Number(event.target.value);
          setShown(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onCommit(next), 150);
        }}
      />
    </div>
  );
}

// Ticked at once, whatever the server is at.
export function Tick({ label, checked, onTick }) {
  const [shown, setShown] = useState(checked);
  useEffect(() => setShown(checked), [checked]);
  return (
    <label className="agreement">
      <input
        type="checkbox"
        checked={shown}
        onChange={(event) => {
          setShown(event.target.checked);
          onTick(event.target.checked);
        }}
      />
      <span>{label}</span>
    </label>
  );
}

export function Sample({ src, words, disabled }) {
  const [playing, setPlaying] = useState(false);
  const sound = useRef(null);
  const stop = () => {
    sound.current?.pause();
    sound.current = null;
    setPlaying(false);
  };
  useEffect(() => stop, [src]);
  const play = () => {
    const next = new Audio(src);
    next.onended = next.onerror = stop;
    sound.current = next;
    setPlaying(true);
    next.play().catch(stop);
  };
  return (
    <button
      type="button"
      className="round"
      disabled={disabled}
      aria-pressed={playing}
      aria-label={playing ? words.stop : words.listen}
      title={playing ? words.stop : words.listen}
      onClick={playing ? stop : play}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        {playing ? <path d="M7 6h3.5v12H7zM13.500 6H17v12h-3.500z" /> : <path d="M8 5.200v13.600L19 12z" />}
      </svg>
    </button>
  );
}

export function Ticker({ every, onTick }) {
  const tick = useRef(onTick);
  tick.current = onTick;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && tick.current(), every);
    return () => clearInterval(timer);
  }, [every]);
  return null;
}

// A link that is put on the clipboard, and shown for where that is not allowed.
export function CopiedLink({ link, words }) {
  const [copied, setCopied] = useState("");
  useEffect(() => {
    navigator.clipboard?.writeText(link).then(() => setCopied(link), () => {});
  }, [link]);
  return (
    <div className="copied">
      <input readOnly value={link} aria-label={words.link} onFocus={(event) => event.target.select()} />
      <p role="status">{copied === link ? words.copied : ""}</p>
    </div>
  );
}

// Shown once what is known is of the video that the address names: until then it is still the one before.
export function OfAddress({ job, children }) {
  const [asked] = useSearchParams();
  if ((asked.get("id") ?? "") === job) return children;
  return <div className="bench"><div className="left"><div className="stage" /></div></div>;
}

// Light and dark change at once: gliding there, every colour of the page would be painted again in every frame.
export function Theme({ label }) {
  const { toggleColorMode } = useContext(ColorModeContext);
  const change = () => {
    const root = document.documentElement;
    root.dataset.still = "";
    toggleColorMode();
    afterPaint(() => delete root.dataset.still);
  };
  return (
    <button type="button" className="quiet round" aria-label={label} onClick={change}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="8.500" />
        <path className="half" d="M12 3.500a8.500 8.500 0 1 0 0 17z" />
      </svg>
    </button>
  );
}

function afterPaint(act) {
  requestAnimationFrame(() => setTimeout(act));
}

let shown = false;

// What a browser does by itself when it loads a page, for pages that are shown without: the language of the document is
// that of its words, by which screen readers choose their voice; a new page has the focus, for which it must be laid out
// and is not made to wait.
export function PageState({ lang, stay }) {
  useEffect(() => {
    if (shown) afterPaint(() => document.getElementById("content")?.focus({ preventScroll: true }));
    shown = true;
  }, []);
  useEffect(() => {
    if (!lang) return;
    document.documentElement.lang = lang;
    document.documentElement.dataset.said = lang;
  }, [lang]);
  // Whose stay has ended signs in again, which the issuer may allow without a question.
  useEffect(() => {
    if (!stay) return undefined;
    const timer = setTimeout(() => location.reload(), (stay + 2) * 1000);
    return () => clearTimeout(timer);
  }, [stay]);
  return null;
}
