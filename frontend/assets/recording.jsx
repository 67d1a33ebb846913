// A recording of whoever shall speak.
import { useEffect, useId, useRef, useState } from "react";
import { Sample } from "$/public/parts.jsx";
import { readKept, useUpload, writeKept } from "$/public/upload.jsx";

const KEPT = "prosopon.recordings";
const MOST_KEPT = 12;
const KINDS = /^(audio\/|video\/(mp4|webm|quicktime|x-matroska))/;
const LEAST_S = 6;

// Seconds; not a number where this browser cannot tell.
function lengthOf(url) {
  return new Promise((done) => {
    const sound = new Audio();
    sound.onloadedmetadata = () => done(sound.duration);
    sound.onerror = () => done(NaN);
    sound.src = url;
  });
}

export function Recording({ base, value, words, onChoose, onRenew }) {
  const [names, setNames] = useState([]);
  const [heard, setHeard] = useState("");
  const { share, trouble, setTrouble, upload } = useUpload(base, words, onRenew);
  const picker = useRef(null);
  const id = useId();
  useEffect(() => setNames(readKept(KEPT)), []);
  useEffect(() => () => URL.revokeObjectURL(heard), [heard]);

  async function take(file) {
    if (!file) return;
    if (!KINDS.test(file.type)) return setTrouble(words.recording_kind);
    const url = URL.createObjectURL(file);
    if ((await lengthOf(url)) < LEAST_S) return setTrouble(words.recording_short);
    upload(file, (upload) => {
      const next = [{ id: upload, name: file.name }, ...readKept(KEPT)];
      writeKept(KEPT, next, MOST_KEPT);
      setNames(next);
      setHeard(url);
      onChoose(upload);
    });
  }

  const name = names.find((one) => one.id === value)?.name ?? words.recording;
  return (
    <div className="recording" role="group" aria-label={words.recording}>
      {value && share === null ? (
        <div className="recorded">
          {heard && <Sample src={heard} words={words} />}
          <span>{name}</span>
          <button type="button" className="secondary small" onClick={() => onChoose("")}>{words.other_recording}</button>
        </div>
      ) : (
        <button
          type="button"
          className="drop"
          aria-describedby={`${id}-hint`}
          onClick={() => picker.current.click()}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            take(event.dataTransfer.files[0]);
          }}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 4a2.500 2.500 0 0 1 2.500 2.500v5a2.500 2.500 0 0 1-5 0v-5A2.500 2.500 0 0 1 12 4ZM6.500 11.500a5.500 5.500 0 0 0 11 0M12 17v3" />
          </svg>
          <strong>{share === null ? words.choose_recording : `${words.uploading} ${Math.round(share * 100)} %`}</strong>
          <small id={`${id}-hint`}>{words.recording_hint}</small>
        </button>
      )}
      {trouble && <p className="notice" data-kind="error" role="alert">{trouble}</p>}
      <input
        ref={picker}
        className="visually-hidden"
        type="file"
        tabIndex={-1}
        aria-label={words.choose_recording}
        accept="audio/*,video/mp4,video/webm,video/quicktime,video/x-matroska"
        onChange={(event) => {
          take(event.target.files[0]);
          event.target.value = "";
        }}
      />
    </div>
  );
}
