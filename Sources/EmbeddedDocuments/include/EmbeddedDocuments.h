#ifndef TOKENMETER_EMBEDDED_DOCUMENTS_H
#define TOKENMETER_EMBEDDED_DOCUMENTS_H

/// A document as it stands in Docs: `openapi`, or a schema by the name of what it describes.
struct tokenmeter_document {
    const char *name;
    const unsigned char *bytes;
    unsigned long length;
};

const struct tokenmeter_document *tokenmeter_documents(void);
unsigned long tokenmeter_document_count(void);

#endif
