"""What leaves the guide in another form than a page: the PDF, the code on a sheet, the case file, the blank paper.

Each module takes what the rooms before it made (a sheet, answers, the knowledge) and gives bytes or text; none of them
decides anything, and the web only hands their result out.
"""
