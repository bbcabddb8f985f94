/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct strbuf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t a = (uint8_t)bytes.ptr[i];
		uint32_t b = left > 1 ? (uint8_t)bytes.ptr[i + 1] : 0;
		uint32_t c = left > 2 ? (uint8_t)bytes.ptr[i + 2] : 0;
		char four[4] = {
			digits[a >> 2],
			digits[(a & 3) << 4 | b >> 4],
			left > 1 ? digits[(b & 15) << 2 | c >> 6] : '=',
			left > 2 ? digits[c & 63] : '=',
		};

		strbuf_add(out, four, sizeof(four));
	}
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(char *out, size_t cap, struct str text, size_t *ret_len)
{
	size_t n = text.len, len = 0;
	uint32_t bits = 0;
	unsigned int nbits = 0;

	for (int pad = 0; pad < 2 && n > 0 && text.ptr[n - 1] == '='; pad++)
		n--;
	if (n % 4 == 1 || (n == 0 && text.len > 0) || BASE64_DECODED_MAX(n) > cap)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int v = digit_value(text.ptr[i]);

		if (v < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			out[len++] = (char)(bits >> nbits);
			bits &= (1u << nbits) - 1;
		}
	}
	if (bits != 0)
		return -EINVAL;
	*ret_len = len;
	return 0;
}
