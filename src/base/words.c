/* SPDX-License-Identifier: Apache-2.0 */
#include "base/words.h"

bool words_line(struct str *rest, struct str *ret_line)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->ptr, '\n', rest->len);
	*ret_line = (struct str){ rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len };
	rest->len -= ret_line->len + (end != NULL);
	rest->ptr += ret_line->len + (end != NULL);
	return true;
}

struct str words_next(struct str *rest)
{
	struct str word;
	size_t i = 0;

	while (rest->len && (*rest->ptr == ' ' || *rest->ptr == '\t')) {
		rest->ptr++;
		rest->len--;
	}
	while (i < rest->len && rest->ptr[i] != ' ' && rest->ptr[i] != '\t' && rest->ptr[i] != '\n')
		i++;
	word = (struct str){ rest->ptr, i };
	rest->ptr += i;
	rest->len -= i;
	return word;
}
