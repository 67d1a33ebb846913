// The portrait: the stage with the chosen picture, its faces, presets and own pictures, upload by picker or drag and drop.
import { useEffect, useId, useRef, useState } from "react";
import { readKept, useUpload, writeKept } from "$/public/upload.jsx";

const KEPT = "prosopon.portraits";
const MOST_KEPT = 6;
const KINDS = /^(image\/(jpeg|png|webp|bmp|gif|tiff|avif|heic)|video\/(mp4|webm|quicktime|x-matroska|x-msvideo))$/;
const SHOWN = 960;

export function imageOf(portrait, base) {
  if (!portrait) return "";
  if (portrait.startsWith("preset:")) return base && `${base}/v1/portraits/${portrait.slice(7)}/image`;
  return readKept(KEPT).find((one) => one.id === portrait)?.image ?? "";
}

// A small copy of the picture, or of a video's first frame, for this browser to show later.
async function preview(file) {
  const url = URL.createObjectURL(file);
  try {
    let source, width, height;
    if (file.type.startsWith("video/")) {
      source = document.createElement("video");
      source.muted = true;
      source.src = url;
      await new Promise((done, failed) => {
        source.onseeked = done;
        source.onerror = failed;
        source.onloadeddata = () => (source.currentTime = Math.min(0.1, source.duration / 2));
      });
      [width, height] = [source.videoWidth, source.videoHeight];
    } else {
      source = await createImageBitmap(file);
      [width, height] = [source.width, source.height];
    }
    const scale = Math.min(1, SHOWN / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.82);
  } catch {
    return "";
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function PortraitStage(props) {
  const { base, presets, fit, problem, notes, faces, face, shape, crop, words } = props;
  const { onChoose, onFace, onRenew } = props;
  // What was touched is shown as chosen at once; the app's answer follows.
  const [touched, setTouched] = useState(null);
  const portrait = touched ?? props.portrait;
  const checking = props.checking || portrait !== props.portrait;
  const [own, setOwn] = useState([]);
  const [over, setOver] = useState(false);
  const { share, trouble, setTrouble, upload } = useUpload(base, words, onRenew);
  const picker = useRef(null);
  const first = useRef(portrait);
  const id = useId();

  useEffect(() => setOwn(readKept(KEPT)), []);
  useEffect(() => {
    if (touched === props.portrait) setTouched(null);
  }, [touched, props.portrait]);

  function choose(one) {
    setTouched(one);
    onChoose(one);
  }

  function take(files) {
    const file = files?.[0];
    if (!file) return;
    if (!KINDS.test(file.type)) return setTrouble(words.file_kind);
    const image = preview(file);
    upload(file, async (upload) => {
      const next = [{ id: upload, image: await image, title: file.name }, ...readKept(KEPT)].slice(0, MOST_KEPT);
      writeKept(KEPT, next, MOST_KEPT);
      setOwn(next);
      choose(upload);
    });
  }

  const choices = [
    ...own.map((one) => ({ id: one.id, image: one.image, title: one.title })),
    ...(presets ?? []).map((one) => ({ ...one, image: base && base + one.image })),
  ];
  const chosen = choices.find((one) => one.id === portrait);
  const many = (faces?.length ?? 0) > 1;
  const said = share !== null ? words.uploading : checking ? words.checking : fit ? words.face_ready : "";
  const boxes = shape?.[0] > 0 && !checking && share === null && chosen ? faces ?? [] : [];
  return (
    <section className="portrait" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className="visually-hidden">{words.portrait}</h2>
      <div
        className="stage"
        data-over={over || undefined}
        data-busy={share !== null || checking || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files);
        }}
      >
        {chosen?.image && <img className="backdrop" src={chosen.image} alt="" aria-hidden="true" />}
        {chosen?.image && (
          <figure className="picture" style={shape?.[0] > 0 ? { "--ratio": shape[0] / shape[1] } : undefined}>
            <img
              key={chosen.id}
              src={chosen.image}
              alt={chosen.title}
              data-new={portrait !== first.current || undefined}
            />
            {boxes.length > 0 && crop?.length === 4 && (
              <span
                className="crop"
                aria-hidden="true"
                style={{ left: `${crop[0]}%`, top: `${crop[1]}%`, width: `${crop[2]}%`, height: `${crop[3]}%` }}
              />
            )}
            {boxes.map((one, index) => (
              <button
                key={index}
                type="button"
                className="box"
                data-fit={one.fit || undefined}
                data-chosen={face === index + 1 || undefined}
                data-alone={!many || undefined}
                aria-pressed={many ? face === index + 1 : undefined}
                aria-label={`${words.face} ${index + 1}`}
                aria-hidden={many ? undefined : true}
                tabIndex={many ? 0 : -1}
                disabled={!many}
                style={{
                  left: `${one.left}%`, top: `${one.top}%`, width: `${one.width}%`, height: `${one.height}%`,
                }}
                onClick={() => onFace(index + 1)}
              >
                {many && <span>{index + 1}</span>}
              </button>
            ))}
          </figure>
        )}
        <div className="invitation" aria-hidden="true">{words.drop_here}</div>
        {said && (
          <div className="badge" data-busy={share !== null || checking || undefined} data-fit={fit || undefined}>
            <i aria-hidden="true" />
            {said}{share !== null && ` ${Math.round(share * 100)} %`}
          </div>
        )}
      </div>
      <div className="visually-hidden" role="status">{said}{fit && notes ? `. ${notes}` : ""}</div>
      {(trouble || (problem && !checking && share === null)) && (
        <div className="notice" data-kind="error" role="alert">
          <strong>{trouble ? "" : words.cannot_speak}</strong>
          <span>{trouble || problem}</span>
        </div>
      )}
      {many && fit && <p className="hint">{words.which_face}</p>}
      {notes && fit && !checking && <p className="notice" data-kind="note">{notes}</p>}
      <div className="strip" role="group" aria-label={words.choose_portrait}>
        <button type="button" className="tile add" onClick={() => picker.current.click()}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5v14M5 12h14" /></svg>
          <span>{words.own_photo}</span>
        </button>
        {choices.map((one) => (
          <button
            key={one.id}
            type="button"
            className="tile"
            aria-pressed={one.id === portrait}
            aria-label={one.title}
            title={one.title}
            onClick={() => choose(one.id)}
          >
            {one.image && <img src={one.image} alt="" />}
          </button>
        ))}
      </div>
      <input
        ref={picker}
        className="visually-hidden"
        type="file"
        tabIndex={-1}
        aria-label={words.own_photo_long}
        accept="image/*,video/mp4,video/webm,video/quicktime,video/x-matroska,video/x-msvideo"
        onChange={(event) => {
          take(event.target.files);
          event.target.value = "";
        }}
      />
    </section>
  );
}
