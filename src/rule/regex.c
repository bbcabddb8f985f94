/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/regex.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/json.h"

/* Ints of working memory: PCRE2 needs a few for each state that is alive at once, and says when it has too few. */
#define REGEX_WORKSPACE 65536

struct regex {
	pcre2_code *code;
};

struct regex_scratch {
	pcre2_match_data *match;
	int workspace[REGEX_WORKSPACE];
};

int regex_compile(struct str pattern, struct regex **ret_regex, struct error *err)
{
	auto_strbuf struct strbuf translated = { 0 };
	pcre2_compile_context *context;
	struct regex *regex;
	PCRE2_SIZE offset;
	int r, code;

	r = regex_translate(pattern, &translated, err);
	if (r < 0)
		return r;
	context = pcre2_compile_context_create(NULL);
	regex = calloc(1, sizeof(*regex));
	if (!context || !regex) {
		pcre2_compile_context_free(context);
		free(regex);
		return error_set(err, -ENOMEM, "out of memory");
	}
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	regex->code = pcre2_compile((PCRE2_SPTR)(translated.ptr ? translated.ptr : ""), translated.len,
				    PCRE2_UTF | PCRE2_MULTILINE | PCRE2_ANCHORED | PCRE2_NO_AUTO_CAPTURE,
				    &code, &offset, context);
	pcre2_compile_context_free(context);
	if (!regex->code) {
		PCRE2_UCHAR message[128] = "";

		free(regex);
		pcre2_get_error_message(code, message, sizeof(message));
		return error_set(err, -EINVAL, "invalid regular expression: %s", (char *)message);
	}
	*ret_regex = regex;
	return 0;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	free(r);
}

struct regex_scratch *regex_scratch_new(void)
{
	struct regex_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->match = pcre2_match_data_create(1, NULL);
	if (!s->match) {
		free(s);
		return NULL;
	}
	return s;
}

void regex_scratch_free(struct regex_scratch *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->match);
	free(s);
}

static bool is_utf8(struct str text)
{
	size_t i = 0, n = 1;

	while (i < text.len && (unsigned char)text.ptr[i] < 128)
		i++;
	for (; i < text.len && n; i += n)
		n = utf8_length((struct str){ text.ptr + i, text.len - i });
	return n;
}

/*
 * No pattern matches bytes that are no character, as in RE2. The longest match comes first: PCRE2_ENDANCHORED
 * would not do, the DFA matcher (10.42) forgets it where more was possible.
 */
bool regex_match(const struct regex *r, struct regex_scratch *s, struct str text)
{
	return is_utf8(text) &&
	       pcre2_dfa_match(r->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, 0, PCRE2_NO_UTF_CHECK,
			       s->match, NULL, s->workspace, REGEX_WORKSPACE) >= 0 &&
	       pcre2_get_ovector_pointer(s->match)[1] == text.len;
}
