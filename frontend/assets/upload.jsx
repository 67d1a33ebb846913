// Files on their way to the service: how far they are, and why they did not arrive.
import { useEffect, useRef, useState } from "react";

const LARGEST = 64 * 2 ** 20;

function send(url, file, told) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.upload.onprogress = (event) => told(event.loaded / event.total);
    request.onload = () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // Told by the status.
      }
      done({ status: request.status, answer });
    };
    request.onerror = () => done({ status: 0, answer: {} });
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}

// `upload(file, kept)` sends it and calls `kept` with its id; a refused address is renewed once.
export function useUpload(base, words, onRenew) {
  const [share, setShare] = useState(null);
  const [trouble, setTrouble] = useState("");
  const waiting = useRef(null);
  useEffect(() => {
    const held = waiting.current;
    waiting.current = null;
    if (held && base) attempt(held.file, held.kept, false);
  }, [base]);

  async function attempt(file, kept, mayRenew) {
    setShare(0);
    const { status, answer } = await send(`${base}/v1/uploads`, file, setShare);
    setShare(null);
    if (status === 201) {
      kept(answer.id);
    } else if (mayRenew && [401, 403, 404].includes(status)) {
      waiting.current = { file, kept };
      onRenew();
    } else {
      setTrouble(status === 413 ? words.file_too_large : answer.detail ?? words.upload_failed);
    }
  }
  function upload(file, kept) {
    setTrouble("");
    if (file.size > LARGEST) setTrouble(words.file_too_large);
    else attempt(file, kept, true);
  }
  return { share, trouble, setTrouble, upload };
}

export function readKept(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "[]");
  } catch {
    return [];
  }
}

// The newest of a list that this browser keeps; fewer where its storage is full.
export function writeKept(key, list, most) {
  for (let count = most; count > 0; count--) {
    try {
      localStorage.setItem(key, JSON.stringify(list.slice(0, count)));
      return;
    } catch {
      // Full.
    }
  }
}
