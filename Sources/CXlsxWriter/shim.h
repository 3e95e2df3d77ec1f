#ifndef TOLLGATE_CXLSXWRITER_H
#define TOLLGATE_CXLSXWRITER_H

#include <stdlib.h>
#include <xlsxwriter.h>

// Rows go to temporary files as soon as the next one begins.
static inline lxw_workbook *cxlsx_workbook(const char *path) {
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = NULL, .use_zip64 = LXW_TRUE};
    return workbook_new_opt(path, &options);
}

// The library copies the texts. Without a date it would take the clock's.
static inline lxw_error cxlsx_properties(lxw_workbook *workbook, const char *title, const char *author, long created) {
    lxw_doc_properties properties = {.title = (char *)title, .author = (char *)author, .created = (time_t)created};
    return workbook_set_properties(workbook, &properties);
}

// A spreadsheet has nothing but binary floating point; the exact text stands beside it.
static inline lxw_error cxlsx_number(
    lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *digits, lxw_format *format) {
    return worksheet_write_number(sheet, row, column, strtod(digits, NULL), format);
}

static inline lxw_error cxlsx_width(lxw_worksheet *sheet, lxw_col_t first, lxw_col_t last, int characters) {
    return worksheet_set_column(sheet, first, last, (double)characters, NULL);
}

#endif
