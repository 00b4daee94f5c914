"""The nurse's view of a run, on screen and on paper, and the case file of a nurse who would advise otherwise."""

from __future__ import annotations

from flask import Response, render_template, request

from triage.assessment import Assessment
from triage.exports.case_file import case_file
from triage.journey import Journey
from triage.nurse import make_talk
from triage.sheet import make_sheet
from triage.web.advice import AdviceForm, advice_form
from triage.web.views import handover
from triage.web.views.context import View, known, now, pages, whole_path, words
from triage.web.views.results import outlook, result_page
from triage.whatif import Outlook, everything


@pages.get("/run/<string(length=16):run_id>/nurse")
@whole_path
def nurse(run_id: str, path: Journey) -> View:
    """The same run as a talking aid; printed, it is the nurse's sheet."""

    def shown(assessment: Assessment) -> View:
        whole = outlook(everything, path, assessment)
        made = now()
        first = Outlook(find_out_first=whole.find_out_first)
        sheet = make_sheet(known(), assessment, path, words(), first, made.date())
        return render_template(
            "nurse.html",
            run_id=run_id,
            sheet=sheet,
            changed=handover.changed_part(path, for_nurse=True),
            talk=make_talk(known(), path, assessment, sheet, whole),
            form=advice_form(known(), assessment, None),
            now=made,
        )

    return result_page(run_id, path, shown)


@pages.get("/run/<string(length=16):run_id>/otherwise")
@whole_path
def otherwise(run_id: str, path: Journey) -> View:
    """The form for a nurse who would advise otherwise."""
    return result_page(run_id, path, lambda assessment: _form_page(run_id, advice_form(known(), assessment, None)))


@pages.post("/run/<string(length=16):run_id>/otherwise")
@whole_path
def advise(run_id: str, path: Journey) -> View:
    """The case file, to be read and copied, or as a download. Nothing of it is kept or logged."""

    def shown(assessment: Assessment) -> View:
        form = advice_form(known(), assessment, request.form)
        if not form.validate_on_submit():
            return _form_page(run_id, form), 400 if "csrf_token" in form.errors else 422
        text = case_file(known(), path, assessment, form.advice())
        if form.download.data:
            return Response(
                text,
                mimetype="text/plain",
                headers={"Content-Disposition": 'attachment; filename="proposed-case.toml"'},
            )
        return render_template("nurse_case.html", run_id=run_id, form=form, text=text)

    return result_page(run_id, path, shown)


def _form_page(run_id: str, form: AdviceForm) -> str:
    return render_template("nurse_otherwise.html", run_id=run_id, form=form)
