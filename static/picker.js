// Draws the box of a picker with mouse, touch or keys. The number inputs beside it are what is sent, and work without this.
(() => {
  'use strict';
  const SIDES = ['x0', 'y0', 'x1', 'y1'];
  const LEAST = 1; // percent
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const between = (value, low, high) => Math.min(Math.max(value, low), high);

  const pickerOf = (form) => {
    const stage = form.querySelector('.stage');
    const drawing = stage.querySelector('svg');
    const rects = [...drawing.querySelectorAll('rect')];
    const inputs = SIDES.map((side) => form.elements[side]);
    const { width, height } = drawing.viewBox.baseVal;

    const read = () => {
      const box = inputs.map((input) => (input.value.trim() === '' ? NaN : Number(input.value)));
      return box.every(Number.isFinite) && box[2] > box[0] && box[3] > box[1] ? box : null;
    };
    const draw = () => {
      const [x0, y0, x1, y1] = read() || [0, 0, 0, 0];
      for (const rect of rects) {
        rect.setAttribute('x', (x0 * width) / 100);
        rect.setAttribute('y', (y0 * height) / 100);
        rect.setAttribute('width', ((x1 - x0) * width) / 100);
        rect.setAttribute('height', ((y1 - y0) * height) / 100);
      }
    };
    const write = (box) => {
      inputs.forEach((input, side) => { input.value = box ? Math.round(10 * box[side]) / 10 : ''; });
      draw();
    };
    const moved = (box, across, down) => {
      const x = between(across, -box[0], 100 - box[2]);
      const y = between(down, -box[1], 100 - box[3]);
      return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
    };

    // Where the pointer is, in percent of the picture.
    const at = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
      return [between((100 * point.x) / width, 0, 100), between((100 * point.y) / height, 0, 100)];
    };
    let drag = null;
    stage.addEventListener('pointerdown', (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      event.preventDefault();
      const [x, y] = at(event);
      const before = read();
      const inside = before && x > before[0] && x < before[2] && y > before[1] && y < before[3];
      drag = { x, y, before, inside };
      stage.setPointerCapture(event.pointerId);
      stage.focus({ preventScroll: true });
    });
    stage.addEventListener('pointermove', (event) => {
      if (!drag || !event.isPrimary) return;
      const [x, y] = at(event);
      write(drag.inside
        ? moved(drag.before, x - drag.x, y - drag.y)
        : [Math.min(drag.x, x), Math.min(drag.y, y), Math.max(drag.x, x), Math.max(drag.y, y)]);
    });
    const end = (event) => {
      if (!drag || !event.isPrimary) return;
      const box = read();
      const small = !box || box[2] - box[0] < LEAST || box[3] - box[1] < LEAST;
      if (event.type === 'pointercancel' || small) write(drag.before);
      drag = null;
    };
    for (const name of ['pointerup', 'pointercancel']) stage.addEventListener(name, end);

    stage.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        event.preventDefault();
        form.requestSubmit();
        return;
      }
      const arrow = ARROWS[event.key];
      if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const box = read();
      const [across, down] = arrow.map((direction) => 2 * direction);
      if (!box) write([25, 25, 75, 75]);
      else if (event.shiftKey) {
        write([box[0], box[1], between(box[2] + across, box[0] + 2, 100), between(box[3] + down, box[1] + 2, 100)]);
      } else write(moved(box, across, down));
      const [x0, y0, x1, y1] = inputs.map((input) => input.value);
      document.getElementById('announce').textContent = `Box from ${x0} to ${x1} percent across, ${y0} to ${y1} down.`;
    });
    stage.tabIndex = 0;
    stage.setAttribute('role', 'group');
    stage.setAttribute('aria-label', 'Box on the picture: arrow keys move it, with Shift they change its size, Enter searches');
    inputs.forEach((input) => input.addEventListener('input', draw));
    draw();
  };
  document.querySelectorAll('[data-picker]').forEach(pickerOf);
})();
