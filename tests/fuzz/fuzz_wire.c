/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"
#include "event/event_text.h"
#include "event/ext.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* One wire event: every reader of parameters, and the text form there and back. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct event_builder b = { 0 };
	auto_strbuf struct strbuf text = { 0 };
	struct event_ext ext;
	struct event ev, again;
	struct error err;
	struct str rest;

	if (event_read(&ev, bytes, len, &err) < 0)
		return 0;
	for (unsigned int i = 0; i <= ev.nparams; i++) {
		event_param_int(&ev, i);
		event_param_text(&ev, i);
		event_param_variant(&ev, i, &rest);
	}
	if (ext_is(&ev) && ext_decode(&ev, &ext, &err) == 0)
		ev.ext = &ext;
	free(event_copy(&ev));
	event_text_print(&text, &ev);
	if (event_text_parse(&b, strbuf_str(&text), &again, &err) == 0 && ev.nparams == ev.info->nparams) {
		for (unsigned int i = 0; i < ev.nparams; i++) {
			/* longer texts are cut by the builder */
			if (ev.len < EVENT_STRING_BYTES && !str_eq(event_param(&ev, i), event_param(&again, i)))
				abort();
		}
	}
	event_builder_free(&b);
	return 0;
}
