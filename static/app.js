// What the pages do beyond plain HTML: announcements, the film's scrubber, dropped files. All of it is optional.
(() => {
  'use strict';
  document.documentElement.classList.add('js');

  const announce = (sentence) => {
    const region = document.getElementById('announce');
    if (region) region.textContent = sentence;
  };

  // Why a form was refused stands above it, which is above the screen where the form is long.
  const seen = (alert) => alert && alert.scrollIntoView({ block: 'nearest' });

  // A running render or training: say how it ended, and put the focus where the result is if the swap took it away.
  const outcomes = { done: 'is finished', ready: 'is ready', cancelled: 'was cancelled', failed: 'failed' };
  let stream = null;
  document.addEventListener('htmx:sseOpen', (event) => { stream = event.detail.source; });
  document.addEventListener('htmx:sseClose', (event) => {
    stream = null;
    const name = event.target.dataset && event.target.dataset.name;
    if (name) announce(`${name} has come to its end.`);
  });
  window.addEventListener('pagehide', () => { if (stream) stream.close(); });
  document.addEventListener('htmx:afterSettle', (event) => {
    if (event.target.id !== 'main') {
      seen(event.target.querySelector('.alert'));
      return;
    }
    enhance(event.target);
    const state = event.target.querySelector('#render, #facet, #table');
    const word = state && Object.keys(outcomes).find((name) => state.classList.contains(name));
    if (word) announce(`The picture ${outcomes[word]}.`);
    if (document.activeElement === document.body) event.target.focus({ preventScroll: true });
  });

  // A form that was refused stays as it is, with what the page of the refusal says above it.
  const told = (form, { status, responseText }) => {
    const said = new DOMParser().parseFromString(responseText, 'text/html').querySelector('#main .lede');
    if (!form.matches('form') || !said) return false;
    form.querySelectorAll(':scope > .alert').forEach((before) => before.remove());
    const alert = document.createElement('div');
    alert.className = 'alert';
    alert.setAttribute('role', 'alert');
    alert.append(`${said.textContent} `);
    if (status === 401 || status === 403) {
      const entrance = Object.assign(document.createElement('a'), { href: '/enter', target: '_blank' });
      entrance.textContent = 'Enter with a key';
      alert.append(entrance);
    }
    form.prepend(alert);
    seen(alert);
    return true;
  };
  for (const name of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
    document.addEventListener(name, ({ type, detail }) => {
      if (type === 'htmx:responseError' && told(detail.elt, detail.xhr)) return;
      announce('The server could not answer. Reload the page to try again.');
    });
  }

  // The film: a range over frames that already have addresses. The strip below it works without this.
  const filmOf = (scrubber) => {
    const figure = scrubber.closest('figure');
    const frames = [...figure.querySelectorAll('.strip a')];
    const picture = document.querySelector(`${scrubber.dataset.scrubber} img`);
    const finished = picture.src;
    const range = scrubber.querySelector('input');
    const output = scrubber.querySelector('output');
    const button = scrubber.querySelector('button');
    let timer = 0;

    const show = (index) => {
      const last = index === frames.length - 1;
      range.value = index;
      picture.src = last ? finished : frames[index].href;
      output.textContent = `step ${frames[index].dataset.step}`;
      range.setAttribute('aria-valuetext', output.textContent);
      frames.forEach((frame, other) => frame.toggleAttribute('aria-current', other === index));
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      button.textContent = '▶';
      button.setAttribute('aria-label', 'Play the film');
    };
    const play = () => {
      if (Number(range.value) === frames.length - 1) show(0);
      button.textContent = '❚❚';
      button.setAttribute('aria-label', 'Stop the film');
      timer = setInterval(() => {
        const next = Number(range.value) + 1;
        if (next >= frames.length || !picture.isConnected) return stop();
        show(next);
      }, 90);
    };
    range.addEventListener('input', () => { stop(); show(Number(range.value)); });
    button.addEventListener('click', () => (timer ? stop() : play()));
    frames.forEach((frame, index) => frame.addEventListener('click', (event) => {
      event.preventDefault();
      stop();
      show(index);
    }));
    scrubber.hidden = false;
    show(frames.length - 1);
  };

  // Keys for what is pressed often: a button is pressed, a field is entered. A key that is held down counts once.
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea, select')) return;
    const target = document.querySelector(`[data-key~="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (event.repeat) return;
    if (target.matches('input')) target.focus(); else target.click();
  });

  // After a label the keys are for the next picture, not for the field that the last one was typed into.
  document.addEventListener('htmx:afterSwap', (event) => {
    if (event.target.id === 'labelling') event.target.focus({ preventScroll: true });
  });

  // Files chosen or dropped: the file input covers its zone, so dropping works by itself; this says what was taken.
  const dropzone = (zone) => {
    const input = zone.querySelector('input[type="file"]');
    const output = zone.querySelector('output');
    const say = () => {
      const files = [...input.files];
      const size = files.reduce((sum, file) => sum + file.size, 0);
      const names = files.slice(0, 3).map((file) => file.name).join(', ');
      output.textContent = files.length
        ? `${names}${files.length > 3 ? ` and ${files.length - 3} more` : ''} (${(size / 1e6).toFixed(1)} MB)` : '';
    };
    input.addEventListener('change', say);
    for (const name of ['dragenter', 'dragover']) input.addEventListener(name, () => zone.classList.add('over'));
    for (const name of ['dragleave', 'drop', 'dragend']) input.addEventListener(name, () => zone.classList.remove('over'));
    say();
  };

  const upload = (form) => form.addEventListener('submit', () => {
    const button = form.querySelector('button[type="submit"]');
    button.disabled = true;
    button.textContent = 'Sending…';
    announce('Sending the pictures.');
  });

  const enhance = (root) => {
    root.querySelectorAll('[data-scrubber]').forEach(filmOf);
    root.querySelectorAll('.dropzone').forEach(dropzone);
    root.querySelectorAll('form[data-upload]').forEach(upload);
  };
  enhance(document);

  // Back from the browser's page cache: the button must not stay in its sending state.
  window.addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
