/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_origin.h"

#include "base/limits.h"
#include "base/parse.h"

void scap_origin_print(struct strbuf *out, const struct scap_origin *origin)
{
	strbuf_addf(out, "monitor traits=%u realpath=%d fds=%d implied=%d", origin->traits, origin->match_realpath,
		    origin->known_fds, origin->implied);
	if (origin->container.len)
		strbuf_addf(out, " container=" STR_FMT, STR_ARG(origin->container));
}

/* Cuts "WORD=" and the number behind it off the text. */
static bool take_number(struct str *text, struct str word, uint32_t *ret_value)
{
	const char *blank;
	size_t n;

	if (!str_starts(*text, word))
		return false;
	*text = (struct str){ text->ptr + word.len, text->len - word.len };
	blank = text->len ? memchr(text->ptr, ' ', text->len) : NULL;
	n = blank ? (size_t)(blank - text->ptr) : text->len;
	if (parse_u32((struct str){ text->ptr, n }, ret_value) < 0)
		return false;
	*text = (struct str){ text->ptr + n, text->len - n };
	return true;
}

/* The first writers left out its end. */
bool scap_origin_parse(struct str text, struct scap_origin *ret_origin)
{
	static const struct str container = { " container=", 11 };
	uint32_t traits, realpath, fds = 0, implied = 0;

	if (!take_number(&text, STR("monitor traits="), &traits) || !take_number(&text, STR(" realpath="), &realpath) ||
	    (text.len && !take_number(&text, STR(" fds="), &fds)) ||
	    (text.len && !take_number(&text, STR(" implied="), &implied)))
		return false;
	if (str_starts(text, container) && text.len <= container.len + SCAP_CONTAINER_BYTES)
		text = (struct str){ text.ptr + container.len, text.len - container.len };
	else
		text.len = 0;
	*ret_origin = (struct scap_origin){
		.ours = true,
		.traits = traits & (SOURCE_REPORTS_FDS | SOURCE_REPORTS_THREADS | SOURCE_LEAVES_IDS),
		.container = text,
		.match_realpath = realpath != 0,
		.known_fds = fds != 0,
		.implied = (enum scap_implied)implied,
	};
	return true;
}
