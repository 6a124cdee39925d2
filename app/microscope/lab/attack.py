"""A typographic attack on one picture as a finding: what the model says before and after, which units moved, and a defence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from app import urls
from app.answers.attack import AttackPage, ClassShare, MovedUnit, Predictions, ProbeInfo
from app.answers.findings import FindingView
from app.clip.clip import Clip
from app.clip.edits import ablated
from app.clip.onward import reach
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.errors import BadInput, NotReady
from app.lab.attack import Moved, Sight, check_by, moved, see
from app.lab.classes import best
from app.lab.linear import LinearProbe
from app.lab.overlay import check_text, cover, overlaid, scrambled
from app.lab.probe_file import FittedProbe, fitted, place
from app.microscope.gallery import Gallery
from app.microscope.given import label_columns
from app.microscope.instruments import Files, Found, Step, so_far
from app.microscope.lab.class_lists import ClassLists
from app.microscope.lab.overlays import Subjects, style_choices, style_of
from app.microscope.naming import Naming
from app.spec import AttackSpec
from app.spec.classes import COLUMN, HOLE
from app.store import FindingRow

TOP = 6  # classes, as in figure 15
UNITS = 12  # by each measure


class Attack:
    """The instrument; linear probes are kept in the `data` folder."""

    title = "Typographic attack"
    lede = "Write on a picture, and see what the model takes it for, which units read the text, and what happens without them."

    def __init__(self, data: Path, subjects: Subjects, lists: ClassLists, naming: Naming, gallery: Gallery) -> None:
        self.data = data
        self.subjects = subjects
        self.lists = lists
        self.naming = naming
        self.gallery = gallery

    def said(self, spec: AttackSpec) -> str:
        """What is written, and how."""
        return f"“{spec.text}”, {spec.style}"

    def choices(self, slug: str) -> dict[str, Any]:
        """The lists of classes and the styles."""
        return {"classes": self.lists.choices(slug), **style_choices()}

    def take_in(self, values: dict[str, Any], files: Files) -> dict[str, Any]:
        """Keep the picture and a pasted list of classes."""
        return self.lists.take_in(self.subjects.take_in(values, files))

    def check(self, clip: Clip, spec: AttackSpec) -> None:
        """Raise `NotFound` or `BadInput` for a layer, picture, text or list of classes that there is not or cannot be used."""
        clip.layer(spec.layer)
        if spec.k >= clip.layer(spec.layer).channels:
            raise BadInput(f"k: {spec.layer} has {clip.layer(spec.layer).channels} units; ablate fewer.", field="k")
        check_by(clip, spec.layer, spec.by)
        check_text(spec.text)
        self.subjects.check(spec)
        self.lists.classes(spec.model, spec.classes, spec.prompt)

    def steps(self, clip: Clip, spec: AttackSpec, _before: Found) -> Iterator[Step | None]:
        """Read the classes, look at the pictures, and once more with the linear probe if it has yet to be fitted."""
        classes = self.lists.classes(spec.model, spec.classes, spec.prompt)
        trial = None
        for step in self.lists.reading(clip, classes):
            if isinstance(step, Tensor):
                trial = Trial(self, clip, spec, classes.names, step)
            else:
                yield Step("Reading the names of the classes.", *step, {})
        assert trial is not None
        yield Step("Looking at the pictures.", 0, 1, trial.looked())
        labelled = self._labelled(spec.model, spec.layer)
        if labelled is None:
            return
        index, columns = labelled
        column = self.column(spec, columns)
        try:
            for step in fitted(place(self.data, index, spec.layer, column), columns, spec.layer, column):
                if isinstance(step, FittedProbe):
                    yield Step("", 1, 1, trial.probed(step.probe) | {"probe": about(step, column, index)})
                else:
                    yield Step(f"Fitting a linear probe to “{column}”.", *step, trial.found) if step else None
        except NotReady as error:
            yield Step("", 1, 1, trial.found | {"no_probe": error.detail})

    def column(self, spec: AttackSpec, columns: Columns) -> str:
        """The label column that the probe is of: that of the classes, else the first."""
        named = spec.classes.removeprefix(COLUMN) if spec.classes.startswith(COLUMN) else ""
        there = label_columns(columns)
        return named if named in there else there[0]

    def index(self, spec: AttackSpec) -> Index | None:
        """The model's first index, if it has the layer."""
        return self.lists.indexes.with_layer(spec.model, spec.layer)

    def remains(self, row: FindingRow) -> bool:
        """Whether the pictures are kept, and the corpus is still the one that units and probe were measured on; a probe may
        be fitted since, where its labels were not read then."""
        found = row.result
        same = found.get("key") == self.lists.key(row.model)
        probed = "probe" in found or "no_probe" in found or self._labelled(row.model, row.layer) is None
        return same and probed and all(map(self.subjects.store.files.has_blob, found.get("pictures", {}).values()))

    def _labelled(self, slug: str, layer: str) -> tuple[Index, Columns] | None:
        """The corpus that a probe of the layer is fitted to, with its columns, if there is one and they are read by now."""
        labelled = self.lists.labelled(slug)
        return labelled if labelled and layer in labelled[1].header.layers else None

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> AttackPage:
        """What was found so far."""
        spec = AttackSpec.model_validate_json(row.spec)
        found, url = row.result, urls.finding(row.id)
        pictures = {name: urls.blob(blob) for name, blob in found.get("pictures", {}).items()}
        by = view.by or spec.by
        asked = spec.model_dump(exclude={"kind", "model", "layer", "text", "k", "by"}, exclude_none=True)
        return AttackPage(
            **so_far(row, ahead),
            spec=spec,
            classes=self.lists.said(spec.classes, found.get("classes", 0)),
            written=found.get("written"),
            clean=pictures.get("clean"),
            attacked=pictures.get("attacked"),
            scrambled=pictures.get("scrambled"),
            cover=found.get("cover", 0.0),
            predictions=[Predictions.model_validate(each) for each in found.get("predictions", [])],
            ablated=[Predictions.model_validate(each) for each in found.get("ablated", [])],
            units=self._units(spec, found.get("units", []), by),
            by=by,
            sorts={each: urls.with_query(url, by=each) for each in ("sd", "logit")},
            corpus=found.get("corpus"),
            probe=ProbeInfo.model_validate(found["probe"]) if found.get("probe") else None,
            no_probe=found.get("no_probe", ""),
            layer_url=urls.layer(spec.model, spec.layer),
            again_url=urls.with_query(urls.lab(spec.model, "attack"), text=spec.text, k=spec.k, by=spec.by, **asked),
            search_url=urls.with_query(urls.lab(spec.model, "attack_search"), **asked),
        )

    def _units(self, spec: AttackSpec, found: Sequence[Mapping[str, Any]], by: str) -> list[MovedUnit]:
        """The units that moved most by one measure, with what they are called and look like."""
        if not found:
            return []
        index = self.index(spec) if spec.model in self.lists.indexes.residents.slugs else None
        titles = self.naming.titles(spec.model, spec.layer, index)
        known = [each for each in found if each[by] is not None] or found
        ordered = sorted(known, key=lambda each: -(each["after"] - each["before"] if each[by] is None else each[by]))
        return [
            MovedUnit(
                **each,
                url=urls.unit(spec.model, spec.layer, each["unit"]),
                label=titles[each["unit"]].text,
                sensitive=bool(titles.themes(each["unit"])),
                thumbnail=self.gallery.thumbnail(spec.model, spec.layer, each["unit"], index),
            )
            for each in ordered[:UNITS]
        ]


class Trial:
    """One attack at work: `found` is what was found by now, for the database."""

    def __init__(self, attack: Attack, clip: Clip, spec: AttackSpec, names: Sequence[str], texts: Tensor) -> None:
        self.clip, self.spec, self.names, self.texts = clip, spec, names, texts
        self.index = attack.index(spec)
        self.written = next((name for name in names if name.casefold() == spec.text.casefold()), None)
        clean = clip.fit(attack.subjects.read(spec.picture))
        style = style_of(spec)
        self.pictures = {
            "clean": clean,
            "attacked": overlaid(clean, spec.text, style),
        }
        if (mixed := scrambled(spec.text, spec.seed)) != spec.text:  # else it would be the attack itself
            self.pictures["scrambled"] = overlaid(clean, mixed, style)
        if spec.style == "label":
            self.pictures["blank"] = overlaid(clean, "", style)
        self.found: dict[str, Any] = {
            "classes": len(names),
            "written": self.written,
            "pictures": {name: attack.subjects.keep_as_is(each) for name, each in self.pictures.items()},
            "cover": cover([clean], [self.pictures["attacked"]]),
            "corpus": self.index.manifest.name if self.index else None,
            "key": attack.lists.key(spec.model),
        }

    def looked(self) -> dict[str, Any]:
        """Look at all pictures, then at the first two with those units ablated that moved most."""
        spec = self.spec
        reached = reach(self.clip, self.clip.prepare(list(self.pictures.values())), spec.layer)
        self.sight = see(self.clip, reached, self.texts)
        std, mean = self._moments()
        moves = moved(self.clip, spec.layer, self.sight, self._direction(), std)
        units = moves.order(spec.by)[: spec.k]
        edit = ablated(units, 0.0 if mean is None else mean[units])
        self.without = see(self.clip, reached.first(2).edited(edit), self.texts)
        self.found["units"] = measured(self.sight, moves, units)
        return self._told(None)

    def probed(self, probe: LinearProbe) -> dict[str, Any]:
        """What the probe makes of the same."""
        self.sight = replace(self.sight, probe=probe.probabilities(self.sight.activations))
        self.without = replace(self.without, probe=probe.probabilities(self.without.activations))
        return self._told(probe)

    def _told(self, probe: LinearProbe | None) -> dict[str, Any]:
        self.found |= {
            "predictions": self._predictions(self.sight, list(self.pictures), probe),
            "ablated": self._predictions(self.without, ["clean", "attacked"], probe),
        }
        return dict(self.found)

    @torch.no_grad()
    def _direction(self) -> Tensor:
        """What is written as a text, put as the classes are: its embedding [E], normalised."""
        if self.written is not None:
            return self.texts[self.names.index(self.written)]
        text = self.clip.encode_text([self.spec.prompt.replace(HOLE, self.spec.text)])
        return torch.nn.functional.normalize(text.float(), dim=-1)[0]

    def _moments(self) -> tuple[Tensor | None, Tensor | None]:
        """The standard deviation and the mean of every unit over the corpus, if there is one."""
        if self.index is None:
            return None, None
        layer = self.spec.layer
        return torch.from_numpy(self.index.std(layer)).float(), torch.from_numpy(self.index.mean(layer)).float()

    def _predictions(self, sight: Sight, shown: Sequence[str], probe: LinearProbe | None) -> list[dict[str, Any]]:
        return [
            Predictions(
                shown=name,  # pyright: ignore[reportArgumentType]
                zero_shot=self._likeliest(sight.zero_shot[row], self.names),
                probe=self._likeliest(sight.probe[row], probe.names) if probe and sight.probe is not None else [],
            ).model_dump()
            for row, name in enumerate(shown)
        ]

    def _likeliest(self, shares: Tensor, names: Sequence[str]) -> list[ClassShare]:
        """The likeliest classes, and the one that is written."""
        text = self.spec.text.casefold()
        found = [
            ClassShare(name=name, share=p, written=name.casefold() == text) for name, p in best(shares, names, TOP)
        ]
        place = next((place for place, name in enumerate(names) if name.casefold() == text), None)
        if place is not None and not any(each.written for each in found):
            found.append(ClassShare(name=names[place], share=float(shares[place]), written=True))
        return found


def measured(sight: Sight, moves: Moved, ablated: Sequence[int]) -> list[dict[str, Any]]:
    """The units that moved most by each measure, and those that are ablated."""
    listed = dict.fromkeys([*moves.order("sd")[:UNITS], *moves.order("logit")[:UNITS], *ablated])
    return [
        {
            "unit": unit,
            "before": float(sight.activations[0, unit]),
            "after": float(sight.activations[1, unit]),
            "sd": None if moves.sd is None else float(moves.sd[unit]),
            "logit": None if moves.logit is None else float(moves.logit[unit]),
            "ablated": unit in ablated,
        }
        for unit in listed
    ]


def about(fitted: FittedProbe, column: str, index: Index) -> dict[str, Any]:
    """What a page says of a linear probe."""
    return ProbeInfo(
        column=column,
        corpus=index.manifest.name,
        classes=len(fitted.probe.names),
        images=fitted.images,
        held_out=fitted.held_out,
        accuracy=fitted.accuracy,
    ).model_dump()
